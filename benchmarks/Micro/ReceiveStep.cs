using Talreg.Benchmarks.Recorder;

namespace Talreg.Benchmarks.Micro;

/// <summary>
/// Everything between the device and the journal's writer, on the measuring thread. Each run delivers one batch to the next
/// of 1,000 streams; every tenth packet of a stream closes a chunk and hands it over. The journal's threads work beside it
/// and are not counted; what they cannot take in time counts as dropped.
/// </summary>
internal sealed class ReceiveStep : IStep
{
    private const int Streams = 1000;
    private const long PacketNs = 20_000_000;

    private readonly string _folder;
    private readonly ScriptedDevice _device;
    private readonly EngineRecorder _recorder;
    private int _stream;
    private ushort _sequence;

    private ReceiveStep(string folder, ScriptedDevice device, EngineRecorder recorder)
    {
        _folder = folder;
        _device = device;
        _recorder = recorder;
    }

    internal static async ValueTask<IStep> PrepareAsync(int batch)
    {
        var folder = Directory.CreateTempSubdirectory("talreg-micro-").FullName;
        var device = new ScriptedDevice(batch);
        return new ReceiveStep(
            folder, device, await EngineRecorder.OpenAsync(device, Streams, folder).ConfigureAwait(false));
    }

    public void Run()
    {
        _device.Deliver(_stream, _sequence);
        if (++_stream == Streams)
        {
            _stream = 0;
            _sequence += (ushort)_device.Batch;
            _device.Advance(PacketNs * _device.Batch);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _recorder.DisposeAsync().ConfigureAwait(false);
        Directory.Delete(_folder, recursive: true);
    }
}
