using Talreg.Api.Recordings;
using Talreg.Capture;
using Talreg.Capture.Taps;
using Talreg.Contracts.Calls;
using Talreg.Gateway;
using Talreg.Hardware.Clock;
using Talreg.Media.Live;

namespace Talreg.Silo.Recordings;

/// <summary>Live calls of this process's gateway, heard: where capture and media meet.</summary>
internal sealed class LiveMedia(GatewayNode gateway, TimeProvider clock) : ILiveMedia
{
    /// <inheritdoc />
    public async ValueTask<ILiveListen?> OpenAsync(CallDocument call, CancellationToken cancellationToken)
    {
        try
        {
            foreach (var take in call.Takes.Where(take => !take.Sealed))
            {
                if (await gateway.OpenTapAsync(take.Id, cancellationToken).ConfigureAwait(false) is { } tap)
                {
                    return new Listen(gateway, tap, clock);
                }
            }

            return null;
        }
        catch (CaptureRefusedException e) when (e.Refusal == CaptureRefusal.TakeClosed)
        {
            return null;
        }
        catch (CaptureRefusedException e)
        {
            throw new LiveUnavailableException(e.Message, e);
        }
    }

    private sealed class Listen(GatewayNode gateway, CaptureTap tap, TimeProvider clock) : ILiveListen
    {
        private const int BufferBytes = 16 * 1024;

        private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(40);

        // A listener who takes nothing for this long is gone; the place is for others.
        private static readonly TimeSpan StallLimit = TimeSpan.FromSeconds(10);

        public async Task CopyToAsync(Stream destination, CancellationToken cancellationToken)
        {
            var buffer = new byte[BufferBytes];
            var mixer = new LiveMixer(MachineClock.MonotonicNs());
            LiveMixer.WriteHeader(buffer);
            await WriteAsync(destination, buffer.AsMemory(0, LiveMixer.HeaderBytes), cancellationToken)
                .ConfigureAwait(false);
            using var timer = new PeriodicTimer(Pace, clock);
            var live = true;
            while (live && await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false))
            {
                live = tap.Drain(mixer.Add);
                for (var due = true; due;)
                {
                    var length = mixer.Read(MachineClock.MonotonicNs(), buffer);
                    due = length == buffer.Length;
                    await WriteAsync(destination, buffer.AsMemory(0, length), cancellationToken).ConfigureAwait(false);
                }
            }

            Array.Clear(buffer);
        }

        public ValueTask DisposeAsync() => gateway.CloseTapAsync(tap);

        private async Task WriteAsync(Stream destination, Memory<byte> bytes, CancellationToken cancellationToken)
        {
            await destination.WriteAsync(bytes, cancellationToken).AsTask()
                .WaitAsync(StallLimit, clock, cancellationToken).ConfigureAwait(false);
            await destination.FlushAsync(cancellationToken)
                .WaitAsync(StallLimit, clock, cancellationToken).ConfigureAwait(false);
        }
    }
}
