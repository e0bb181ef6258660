using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json.Nodes;
using Talreg.Evidence.Json;
using Talreg.Evidence.Ledger;

namespace Talreg.Store.Reading;

/// <summary>What of a take a ticket opens.</summary>
public enum ReadKind
{
    /// <summary>Bytes of the recording as they lie there: ciphertext.</summary>
    Bytes,

    /// <summary>The keys that open the take.</summary>
    Keys,
}

/// <summary>
/// Leave to read one take at one gateway, once and soon: who reads, what, why, which bytes. A silo signs it, the
/// gateway that holds the take checks it (<see cref="TicketDesk"/>). On the wire it is base64url of a signed note
/// whose text is one line of canonical JSON.
/// </summary>
public sealed record ReadTicket
{
    /// <summary>The longest ticket on the wire, in characters.</summary>
    public const int MaxLength = 4096;

    /// <summary>The longest <see cref="Actor"/> and <see cref="Purpose"/>, in characters.</summary>
    public const int MaxText = 256;

    /// <summary>The most bytes that one ticket may name.</summary>
    public const int MaxRange = 16 * 1024 * 1024;

    /// <summary>How long a ticket may be good for.</summary>
    public static readonly TimeSpan MaxLife = TimeSpan.FromSeconds(60);

    private const int Version = 1;

    /// <summary>Never the same twice.</summary>
    public required Guid Id { get; init; }

    /// <summary>The gateway that is to read.</summary>
    public required string Gateway { get; init; }

    /// <summary>Which start of it: what an earlier one remembered as used is forgotten.</summary>
    public required Guid Incarnation { get; init; }

    /// <summary>The customer whose take it is.</summary>
    public required string Tenant { get; init; }

    /// <summary>The call, as the ledger's leaf of the reading names it.</summary>
    public required Guid Call { get; init; }

    /// <summary>The take.</summary>
    public required Guid Take { get; init; }

    /// <summary>What of it.</summary>
    public required ReadKind Kind { get; init; }

    /// <summary>For whom it is read.</summary>
    public required string Actor { get; init; }

    /// <summary>Why.</summary>
    public required string Purpose { get; init; }

    /// <summary>Offset of the first byte; 0 for keys.</summary>
    public long First { get; init; }

    /// <summary>How many bytes, up to <see cref="MaxRange"/>; 0 for keys.</summary>
    public int Length { get; init; }

    /// <summary>Until when, to the second.</summary>
    public required DateTimeOffset Expires { get; init; }

    /// <summary>Signs it.</summary>
    /// <exception cref="ArgumentException">A text is too long, or holds what no note may.</exception>
    public string Sign(LogSigner signer)
    {
        ArgumentNullException.ThrowIfNull(signer);
        var json = new JsonObject
        {
            ["actor"] = Text(Actor),
            ["call"] = Call.ToString("D"),
            ["expires"] = Expires.ToUnixTimeSeconds(),
            ["first"] = First,
            ["gateway"] = Gateway,
            ["id"] = Id.ToString("D"),
            ["incarnation"] = Incarnation.ToString("D"),
            ["keys"] = Kind == ReadKind.Keys,
            ["length"] = Length,
            ["purpose"] = Text(Purpose),
            ["take"] = Take.ToString("D"),
            ["tenant"] = Tenant,
            ["ticket"] = Version,
        };
        var note = signer.SignNote(Encoding.UTF8.GetString(CanonicalJson.Write(json)) + "\n");
        return Base64Url.EncodeToString(Encoding.UTF8.GetBytes(note));
    }

    /// <summary>Reads a ticket; whether its signature holds is told apart.</summary>
    /// <param name="token">As it came.</param>
    /// <param name="note">The note to check.</param>
    /// <param name="ticket">What it says, to be believed once the note is.</param>
    internal static bool TryRead(
        string? token, [NotNullWhen(true)] out SignedNote? note, [NotNullWhen(true)] out ReadTicket? ticket)
    {
        note = null;
        ticket = null;
        if (token is null || token.Length > MaxLength || !Base64Url.IsValid(token))
        {
            return false;
        }

        var text = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(token));
        if (!SignedNote.TryParse(text, out note, out _)
            || !CanonicalJson.TryParseCanonical(
                Encoding.UTF8.GetBytes(note.Text.TrimEnd('\n')), out var node, out _)
            || node is not JsonObject json)
        {
            return false;
        }

        return TryRead(json, out ticket);
    }

    private static bool TryRead(JsonObject json, [NotNullWhen(true)] out ReadTicket? ticket)
    {
        ticket = null;
        if (!TryGet(json, "ticket", out int version) || version != Version
            || !TryGetId(json, "id", out var id) || !TryGetId(json, "call", out var call)
            || !TryGetId(json, "take", out var take) || !TryGetId(json, "incarnation", out var incarnation)
            || !TryGet(json, "gateway", out string? gateway) || !TryGet(json, "tenant", out string? tenant)
            || !TryGet(json, "actor", out string? actor) || !TryGet(json, "purpose", out string? purpose)
            || !TryGet(json, "keys", out bool keys) || !TryGet(json, "expires", out long expires)
            || !TryGet(json, "first", out long first) || !TryGet(json, "length", out int length)
            || first < 0 || length is < 0 or > MaxRange
            || expires is < 0 or > 253_402_300_799)
        {
            return false;
        }

        ticket = new ReadTicket
        {
            Id = id,
            Gateway = gateway,
            Incarnation = incarnation,
            Tenant = tenant,
            Call = call,
            Take = take,
            Kind = keys ? ReadKind.Keys : ReadKind.Bytes,
            Actor = actor,
            Purpose = purpose,
            First = first,
            Length = length,
            Expires = DateTimeOffset.FromUnixTimeSeconds(expires),
        };
        return true;
    }

    private static bool TryGet<T>(JsonObject json, string name, [NotNullWhen(true)] out T? value)
    {
        value = default;
        return json[name] is JsonValue held && held.TryGetValue(out value) && value is not null;
    }

    private static bool TryGetId(JsonObject json, string name, out Guid id)
    {
        id = default;
        return TryGet(json, name, out string? text) && Guid.TryParseExact(text, "D", out id);
    }

    private static string Text(string text) => text.Length <= MaxText
        ? text
        : throw new ArgumentException($"A ticket's text has at most {MaxText} characters.", nameof(text));
}
