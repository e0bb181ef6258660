using System.Globalization;

namespace Talreg.Sip.Sdp;

/// <summary>Reads <c>a=crypto</c> lines (RFC 4568 §4, §9.2). Stateless.</summary>
internal static class CryptoParser
{
    private const string Inline = "inline:";

    private static readonly (CryptoSuite Suite, string Name, int KeyBytes, int SaltBytes)[] Suites =
    [
        (CryptoSuite.AesCm128HmacSha1Tag80, "AES_CM_128_HMAC_SHA1_80", 16, 14),
        (CryptoSuite.AesCm128HmacSha1Tag32, "AES_CM_128_HMAC_SHA1_32", 16, 14),
        (CryptoSuite.AesCm256HmacSha1Tag80, "AES_256_CM_HMAC_SHA1_80", 32, 14),
        (CryptoSuite.AesCm256HmacSha1Tag32, "AES_256_CM_HMAC_SHA1_32", 32, 14),
        (CryptoSuite.AeadAes128Gcm, "AEAD_AES_128_GCM", 16, 12),
        (CryptoSuite.AeadAes256Gcm, "AEAD_AES_256_GCM", 32, 12),
    ];

    public static string NameOf(CryptoSuite suite) => Suites.First(one => one.Suite == suite).Name;

    /// <summary>Reads all crypto lines of an m-line: those that can be used, and why the others cannot.</summary>
    public static (IReadOnlyList<CryptoOffer> Offers, IReadOnlyList<CryptoRefusal> Refusals) ReadAll(
        IEnumerable<SdpAttribute> attributes)
    {
        var offers = new List<CryptoOffer>();
        var refusals = new List<CryptoRefusal>();
        var line = 0;
        foreach (var attribute in attributes)
        {
            if (attribute.Name != "crypto")
            {
                continue;
            }

            CryptoOffer? offer = null;
            var fault = line >= CryptoOffer.MaxLines ? CryptoFault.TooMany : Read(attribute.Value ?? "", out offer);
            fault = fault == CryptoFault.None && offers.Exists(one => one.Tag == offer!.Tag)
                ? CryptoFault.TagRepeated
                : fault;
            if (fault == CryptoFault.None)
            {
                offers.Add(offer!);
            }
            else if (refusals.Count < CryptoOffer.MaxLines)
            {
                refusals.Add(new CryptoRefusal(line, fault));
            }

            line++;
        }

        return (offers, refusals);
    }

    // a=crypto:<tag> <crypto-suite> inline:<key||salt>[|lifetime][|MKI:length] [<session-params>]
    private static CryptoFault Read(string text, out CryptoOffer? offer)
    {
        offer = null;
        var words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words.Length < 3 || words[0].Length > 9 || !SdpParser.TryReadInt(words[0], 999_999_999, out var tag))
        {
            return CryptoFault.FormInvalid;
        }

        var at = Array.FindIndex(Suites, one => one.Name == words[1]);
        if (at < 0)
        {
            return CryptoFault.SuiteUnknown;
        }

        var refused = words.Skip(3).Any(word => !IsAccepted(word));
        return refused ? CryptoFault.SessionParameterRefused : ReadKey(words[2], tag, Suites[at], out offer);
    }

    private static CryptoFault ReadKey(
        string text, int tag, (CryptoSuite Suite, string Name, int KeyBytes, int SaltBytes) suite,
        out CryptoOffer? offer)
    {
        offer = null;
        var isOne = !text.Contains(';', StringComparison.Ordinal);
        if (!isOne || !text.StartsWith(Inline, StringComparison.Ordinal))
        {
            return isOne ? CryptoFault.KeyMethodUnknown : CryptoFault.SeveralKeys;
        }

        var parts = text[Inline.Length..].Split('|');
        var bytes = new byte[64];
        if (!Convert.TryFromBase64String(parts[0], bytes, out var length))
        {
            return parts[0].Length > 84 ? CryptoFault.KeyLengthWrong : CryptoFault.KeyInvalid;
        }

        if (length != suite.KeyBytes + suite.SaltBytes)
        {
            return CryptoFault.KeyLengthWrong;
        }

        var fault = ReadRest(parts.AsSpan(1), out var lifetime, out var identifier);
        offer = fault != CryptoFault.None ? null : new CryptoOffer
        {
            Tag = tag, Suite = suite.Suite, Lifetime = lifetime, KeyIdentifier = identifier,
            Key = bytes.AsMemory(0, suite.KeyBytes), Salt = bytes.AsMemory(suite.KeyBytes, suite.SaltBytes),
        };
        return fault;
    }

    private static CryptoFault ReadRest(
        ReadOnlySpan<string> parts, out ulong? lifetime, out (uint Value, int Length)? identifier)
    {
        (lifetime, identifier) = (null, null);
        foreach (var part in parts)
        {
            var colon = part.IndexOf(':', StringComparison.Ordinal);
            if (colon >= 0)
            {
                if (identifier is not null
                    || !SdpParser.TryReadInt(part[(colon + 1)..], 4, out var length) || length == 0
                    || !uint.TryParse(part[..colon], NumberStyles.None, CultureInfo.InvariantCulture, out var value)
                    || (length < 4 && value >> (8 * length) != 0))
                {
                    return CryptoFault.KeyIdentifierInvalid;
                }

                identifier = (value, length);
            }
            else if (lifetime is not null || identifier is not null || !TryReadLifetime(part, out lifetime))
            {
                return CryptoFault.LifetimeInvalid;
            }
        }

        return CryptoFault.None;
    }

    private static bool TryReadLifetime(string text, out ulong? lifetime)
    {
        lifetime = null;
        if (text.StartsWith("2^", StringComparison.Ordinal) && SdpParser.TryReadInt(text[2..], 48, out var power))
        {
            lifetime = 1UL << power;
        }
        else if (ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0
            && number <= 1UL << 48)
        {
            lifetime = number;
        }

        return lifetime is not null;
    }

    /// <summary>
    /// A window for replays is ours to choose; rates of key derivation and less protection are refused.
    /// </summary>
    private static bool IsAccepted(string parameter) => parameter.StartsWith("WSH=", StringComparison.Ordinal);
}
