using System.Text;

namespace Talreg.Evidence.Witness;

/// <summary>Reads an answer no further than it may be long.</summary>
internal static class BoundedBody
{
    /// <summary>The body.</summary>
    /// <exception cref="IOException">It is longer than allowed.</exception>
    internal static async Task<byte[]> ReadAsync(
        HttpResponseMessage response, int maxBytes, CancellationToken cancellationToken)
    {
        var stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            var buffer = new byte[maxBytes + 1];
            var read = await stream.ReadAtLeastAsync(
                buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
            return read <= maxBytes
                ? buffer[..read]
                : throw new IOException($"The answer is longer than {maxBytes} bytes.");
        }
    }

    /// <summary>The body as UTF-8.</summary>
    internal static async Task<string> ReadTextAsync(
        HttpResponseMessage response, int maxBytes, CancellationToken cancellationToken) =>
        Encoding.UTF8.GetString(await ReadAsync(response, maxBytes, cancellationToken).ConfigureAwait(false));
}
