using System.Formats.Asn1;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Talreg.Sip.Transport;

/// <summary>
/// The names a certificate carries (RFC 5922 §7.1): URIs, DNS names and addresses of subjectAltName; the common name
/// only
/// where there is no subjectAltName. Stateless.
/// </summary>
internal static class CertificateNames
{
    /// <summary>The most names read of one certificate.</summary>
    public const int MaxNames = 64;

    private const string SubjectAlternativeName = "2.5.29.17";

    public static IReadOnlyList<string> Of(X509Certificate2 certificate)
    {
        var extension = certificate.Extensions[SubjectAlternativeName];
        return extension is not null
            ? Read(extension.RawData)
            : [certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false)];
    }

    // GeneralName ::= CHOICE { dNSName [2] IA5String, uniformResourceIdentifier [6] IA5String, iPAddress [7] OCTETS,
    // ... }
    private static List<string> Read(byte[] extension)
    {
        var names = new List<string>();
        try
        {
            var sequence = new AsnReader(extension, AsnEncodingRules.DER).ReadSequence();
            while (sequence.HasData && names.Count < MaxNames)
            {
                var tag = sequence.PeekTag();
                if (tag.TagClass == TagClass.ContextSpecific && tag.TagValue is 2 or 6)
                {
                    names.Add(sequence.ReadCharacterString(UniversalTagNumber.IA5String, tag));
                }
                else if (tag.TagClass == TagClass.ContextSpecific && tag.TagValue == 7)
                {
                    names.Add(new System.Net.IPAddress(sequence.ReadOctetString(tag)).ToString());
                }
                else
                {
                    sequence.ReadEncodedValue();
                }
            }
        }
        catch (Exception exception) when (exception is AsnContentException or ArgumentException)
        {
            // A certificate whose names cannot be read has none: it fits no allow-list.
            names.Clear();
        }

        return names;
    }

    /// <summary>Why a chain was refused, for the counter's detail.</summary>
    public static string Describe(SslPolicyErrors errors, X509Chain? chain) =>
        chain is { ChainStatus.Length: > 0 }
            ? string.Join(", ", chain.ChainStatus.Select(status => status.Status).Distinct())
            : errors.ToString();
}
