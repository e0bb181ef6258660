namespace Talreg.Verify;

/// <summary>Collects the results of checks while a bundle is verified. One thread.</summary>
internal sealed class Findings
{
    private readonly List<CheckResult> _checks = [];
    private readonly Dictionary<string, int> _failures = [];
    private readonly List<string> _residual = [];

    public bool AnyFailed => _failures.Count > 0;

    public IReadOnlyList<string> Residual => _residual;

    public void Pass(string name, string subject, string detail) =>
        _checks.Add(new CheckResult(name, CheckOutcome.Passed, Printable.Of(subject), Printable.Of(detail)));

    public void Skip(string name, string subject, string detail) =>
        _checks.Add(new CheckResult(name, CheckOutcome.NotApplicable, Printable.Of(subject), Printable.Of(detail)));

    public void Fail(string name, string subject, string detail)
    {
        var count = _failures[name] = FailuresOf(name) + 1;
        if (count <= Limits.MaxFailuresPerCheck)
        {
            _checks.Add(new CheckResult(name, CheckOutcome.Failed, Printable.Of(subject), Printable.Of(detail)));
        }
    }

    /// <summary>Records the one or the other.</summary>
    /// <returns><paramref name="holds"/>.</returns>
    public bool Check(string name, string subject, bool holds, string passed, string failed)
    {
        if (holds)
        {
            Pass(name, subject, passed);
        }
        else
        {
            Fail(name, subject, failed);
        }

        return holds;
    }

    /// <summary>Failures of a check so far, over all subjects.</summary>
    public int FailuresOf(string name) => _failures.GetValueOrDefault(name);

    /// <summary>Says aloud what a passed verification leaves open; the same words only once.</summary>
    public void Leave(string unproved)
    {
        var text = Printable.Of(unproved);
        if (!_residual.Contains(text))
        {
            _residual.Add(text);
        }
    }

    /// <summary>All results; failures over the limit appear as one line per check.</summary>
    public List<CheckResult> ToChecks()
    {
        var all = new List<CheckResult>(_checks);
        foreach (var (name, count) in _failures.Where(f => f.Value > Limits.MaxFailuresPerCheck))
        {
            var more = $"{count - Limits.MaxFailuresPerCheck} more failures of this check";
            all.Add(new CheckResult(name, CheckOutcome.Failed, "bundle", more));
        }

        return all;
    }
}
