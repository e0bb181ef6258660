namespace Talreg.Capture;

/// <summary>Keys pressed: stored, or not.</summary>
public sealed partial class CaptureEngine
{
    /// <summary>
    /// Telephone events (RFC 4733) of a take are stored, or not: "not" before card data is keyed in. On completion it is in
    /// force; what came before is stored. Events not stored are counted as suppressed and declared as a pause. Tones within
    /// the audio are not events: for them recording has to be off.
    /// </summary>
    /// <exception cref="CaptureRefusedException">The take is closed, or the shard is busy: nothing changed.</exception>
    public async ValueTask SetDigitsAsync(CaptureTake take, bool stored, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(take);
        await take.Changing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ThrowIfClosing(take);
            await ShardOf(take).RunAsync(shard =>
            {
                take.SetDigits(stored);
                foreach (var stream in take.Streams)
                {
                    stream.SetDigits(stored);
                }

                shard.Flush();
                return true;
            }).ConfigureAwait(false);
        }
        finally
        {
            take.Changing.Release();
        }
    }
}
