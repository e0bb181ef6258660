using Talreg.Evidence.Bundles;

namespace Talreg.Silo.Recordings;

/// <summary>The member <c>verify.html</c>: the page that checks a bundle, made in <c>Cluster/Verify/web</c>.</summary>
internal static class VerifierPage
{
    private const string Name = "verify.html";

    /// <summary>The member; its bytes are those of the program's resource.</summary>
    public static BundleMember ToMember()
    {
        using var page = Open();
        return new BundleMember(Name, page.Length, Open);
    }

    private static Stream Open() => typeof(VerifierPage).Assembly.GetManifestResourceStream(Name)
        ?? throw new InvalidOperationException($"The program lacks its resource {Name}.");
}
