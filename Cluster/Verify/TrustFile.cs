using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Talreg.Verify;

/// <summary>
/// What whoever verifies trusts, had from elsewhere than the bundle: the log's key, and where they are known the witnesses' keys and
/// how many of them must have cosigned (FORMAT §6). Immutable.
/// </summary>
public sealed record TrustFile
{
    private const string QuorumWord = "quorum ";
    private const string PemBegin = "-----BEGIN CERTIFICATE-----";
    private const string PemEnd = "-----END CERTIFICATE-----";

    private TrustFile(
        TrustAnchor log, IReadOnlyList<WitnessAnchor> witnesses, int quorum, IReadOnlyList<X509Certificate2> roots)
    {
        TimestampRoots = roots;
        Log = log;
        Witnesses = witnesses;
        Quorum = quorum;
    }

    /// <summary>The log's key.</summary>
    public TrustAnchor Log { get; }

    /// <summary>The witnesses' keys; none asks for no cosignature.</summary>
    public IReadOnlyList<WitnessAnchor> Witnesses { get; }

    /// <summary>How many of the witnesses must have cosigned; all of them unless the file says otherwise.</summary>
    public int Quorum { get; }

    /// <summary>Roots of trusted time-stamping authorities.</summary>
    public IReadOnlyList<X509Certificate2> TimestampRoots { get; }

    /// <summary>Reads a file: the log's key on its first line, then a witness's key on each further one, and <c>quorum N</c> where
    /// fewer than all suffice. Empty lines, and those that begin with #, are left out; certificates in
    /// PEM form are roots of time-stamping authorities.</summary>
    /// <param name="text">The file.</param>
    /// <param name="trust">What it holds, when it reads.</param>
    /// <param name="reason">What is wrong with it, when it does not.</param>
    public static bool TryParse(
        string text, [NotNullWhen(true)] out TrustFile? trust, [NotNullWhen(false)] out string? reason)
    {
        ArgumentNullException.ThrowIfNull(text);
        trust = null;
        if (!TryTakeCertificates(ref text, out var roots))
        {
            reason = "a certificate does not read";
            return false;
        }

        var lines = text.Length > Limits.MaxTrustLength
            ? []
            : text.Split('\n').Select(line => line.Trim()).Where(line => line is [not '#', ..]).ToList();
        if (!TrustAnchor.TryParse(lines.FirstOrDefault(), out var log, out reason))
        {
            return false;
        }

        var witnesses = new List<WitnessAnchor>();
        int? quorum = null;
        foreach (var line in lines.Skip(1))
        {
            if (quorum is null && TryParseQuorum(line, out var number))
            {
                quorum = number;
            }
            else if (WitnessAnchor.TryParse(line, out var witness, out var why)
                && witnesses.TrueForAll(other => other.Line != line))
            {
                witnesses.Add(witness);
            }
            else
            {
                reason = $"a further line is no witness's key: {why ?? "it is there twice"}";
                return false;
            }
        }

        var wanted = quorum ?? witnesses.Count;
        if (witnesses.Count > Limits.MaxWitnesses || wanted > witnesses.Count || quorum == 0)
        {
            reason = $"quorum {wanted} of {witnesses.Count} witnesses, or more than {Limits.MaxWitnesses} of them";
            return false;
        }

        trust = new TrustFile(log, witnesses, wanted, roots);
        return true;
    }

    /// <summary>Takes what stands between the lines of PEM out of the text.</summary>
    private static bool TryTakeCertificates(ref string text, out List<X509Certificate2> roots)
    {
        roots = [];
        while (text.Length <= Limits.MaxTrustLength
            && text.IndexOf(PemBegin, StringComparison.Ordinal) is >= 0 and var at)
        {
            var end = text.IndexOf(PemEnd, at, StringComparison.Ordinal);
            if (end < 0)
            {
                return false;
            }

            end += PemEnd.Length;
            try
            {
                roots.Add(X509Certificate2.CreateFromPem(text.AsSpan(at, end - at)));
            }
            catch (CryptographicException)
            {
                return false;
            }

            text = text.Remove(at, end - at);
        }

        return true;
    }

    private static bool TryParseQuorum(string line, out int number)
    {
        number = 0;
        return line.StartsWith(QuorumWord, StringComparison.Ordinal)
            && int.TryParse(
                line.AsSpan(QuorumWord.Length), NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }
}
