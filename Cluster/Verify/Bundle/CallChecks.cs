namespace Talreg.Verify;

/// <summary>The call document, as far as the recordings can contradict it.</summary>
internal static class CallChecks
{
    public const string MemberName = "call.json";

    public static void Run(BundleContext bundle)
    {
        var findings = bundle.Findings;
        if (bundle.Read(CheckNames.Call, MemberName, Limits.MaxJsonBytes) is not { } bytes)
        {
            return;
        }

        if (!CanonicalJson.TryParse(bytes, out var call, out var reason))
        {
            findings.Fail(CheckNames.Call, MemberName, reason);
            return;
        }

        var wrong = new List<string>();
        if (call.TextOf("id") is not { } id || (bundle.Manifest is { } manifest && manifest.Call != id))
        {
            wrong.Add("its id is not the manifest's call");
        }

        var left = new Dictionary<string, Descriptor>(bundle.Descriptors, StringComparer.Ordinal);
        foreach (var take in call.ListOf("takes") ?? [])
        {
            if (take.TextOf("id") is not { } name || !left.Remove(name, out var descriptor))
            {
                Absent(findings, take, wrong);
            }
            else if ((take.NumberOf("committedChunks") ?? take.NumberOf("chunks")) != descriptor.Chunks)
            {
                wrong.Add($"take {name} has another number of chunks than its recording");
            }
        }

        wrong.AddRange(left.Keys.Select(take => $"take {take} is not in it"));
        wrong.AddRange(bundle.Descriptors.Where(d => d.Value.Tenant != call.TextOf("tenant"))
            .Select(d => $"take {d.Key} is of tenant {d.Value.Tenant}"));
        findings.Check(
            CheckNames.Call,
            MemberName,
            wrong.Count == 0,
            "id, tenant, takes and chunks agree with the recordings",
            string.Join("; ", wrong.Take(10)));
    }

    // A take that is not sealed yet has no recording to show; a sealed one must be here.
    private static void Absent(Findings findings, JsonItem take, List<string> wrong)
    {
        var name = take.TextOf("id") ?? "without id";
        if (take["sealed"] is { Kind: JsonKind.Boolean, Number: 0 })
        {
            findings.Leave($"Take {name} of the call was not sealed when the bundle was made, and is not in it.");
        }
        else
        {
            wrong.Add($"take {name} has no recording in the bundle");
        }
    }
}
