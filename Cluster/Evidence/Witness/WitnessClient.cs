using System.Globalization;
using System.Net;
using System.Text;
using Talreg.Evidence.Ledger;

namespace Talreg.Evidence.Witness;

/// <summary>Where a witness is asked for cosignatures, and the key by which it is known.</summary>
/// <param name="Key">Its key, had from whoever runs it.</param>
/// <param name="Submission">Its submission prefix (C2SP tlog-witness).</param>
public sealed record WitnessAddress(WitnessKey Key, Uri Submission);

/// <summary>A witness gave no cosignature; the message says why.</summary>
public sealed class WitnessException : Exception
{
    /// <summary>Names the reason.</summary>
    public WitnessException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}

/// <summary>
/// Asks one witness for cosignatures (C2SP tlog-witness, the log's side) and remembers how far it has followed. Not safe from several
/// threads.
/// </summary>
/// <param name="http">Sends; its timeout is the caller's to set. Stays the caller's.</param>
/// <param name="address">Who is asked.</param>
public sealed class WitnessClient(HttpClient http, WitnessAddress address)
{
    private const int MaxAnswerBytes = 16 * 1024;
    private long _followed;

    /// <summary>Who is asked.</summary>
    public WitnessAddress Address => address;

    /// <summary>Asks for a cosignature of a checkpoint; asks again once when the witness has followed to another size.</summary>
    /// <param name="note">The checkpoint, signed by the log.</param>
    /// <param name="size">Its size.</param>
    /// <param name="prove">Gives the consistency proof from a size to the checkpoint's.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The signature line with its end, verified against the witness's key.</returns>
    /// <exception cref="WitnessException">There is none.</exception>
    public async Task<string> CosignAsync(
        string note, long size, Func<long, IReadOnlyList<byte[]>> prove, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(prove);
        try
        {
            var (status, answer) = await SendAsync(note, size, prove, cancellationToken).ConfigureAwait(false);
            if (status == HttpStatusCode.Conflict && TryReadSize(answer, out var followed) && followed != _followed)
            {
                if (followed > size)
                {
                    throw new WitnessException(Text($"it has seen {followed} entries, and the log has {size}"));
                }

                _followed = followed;
                (status, answer) = await SendAsync(note, size, prove, cancellationToken).ConfigureAwait(false);
            }

            if (status != HttpStatusCode.OK)
            {
                throw new WitnessException(Text($"it answered {(int)status}: {FirstLine(answer)}"));
            }

            var line = Verified(note, answer);
            _followed = size;
            return line;
        }
        catch (Exception error) when (error is HttpRequestException or IOException or TaskCanceledException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw new WitnessException($"it cannot be reached: {error.Message}", error);
        }
    }

    private static bool TryReadSize(string answer, out long size) =>
        long.TryParse(answer.TrimEnd('\n'), NumberStyles.None, CultureInfo.InvariantCulture, out size);

    private static string FirstLine(string answer)
    {
        var line = answer.Split('\n')[0];
        return new string([.. line.Take(200).Select(c => c is >= ' ' and <= '~' ? c : '?')]);
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private async Task<(HttpStatusCode Status, string Answer)> SendAsync(
        string note, long size, Func<long, IReadOnlyList<byte[]>> prove, CancellationToken cancellationToken)
    {
        if (_followed > size)
        {
            throw new WitnessException(Text($"it has seen {_followed} entries, and the log has {size}"));
        }

        var body = new AddCheckpoint(_followed, _followed == 0 ? [] : prove(_followed), note).ToText();
        using var content = new StringContent(body, Encoding.UTF8, "text/plain");
        using var request = new HttpRequestMessage(HttpMethod.Post, Target(address.Submission)) { Content = content };
        using var response = await http.SendAsync(
            request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
        return (response.StatusCode,
            await BoundedBody.ReadTextAsync(response, MaxAnswerBytes, cancellationToken).ConfigureAwait(false));
    }

    private static Uri Target(Uri submission) => new(submission.AbsoluteUri.TrimEnd('/') + "/add-checkpoint");

    /// <summary>Lines of keys that are not this witness's are left out, whatever they say.</summary>
    private string Verified(string note, string answer)
    {
        if (!SignedNote.TryParse(note + answer, out var signed, out var reason)
            || address.Key.CosignedAt(signed) is null)
        {
            throw new WitnessException($"its answer holds no valid cosignature by {address.Key.Name} {reason}".Trim());
        }

        var own = signed.Signatures.Last(line => line.Name == address.Key.Name && line.KeyId == address.Key.KeyId);
        return SignedNote.FormatLine(own.Name, own.KeyId, own.Signature.Span);
    }
}
