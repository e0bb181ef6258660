using Talreg.Benchmarks.Micro;
using Talreg.Benchmarks.Processes;
using Talreg.Benchmarks.Recorder;

namespace Talreg.Benchmarks.Nation;

/// <summary>What it costs to make a recording of a closed take.</summary>
/// <param name="CpuPerMillion">CPU-seconds of the process per million packets.</param>
/// <param name="BytesPerPacket">Size of the recording's file over its packets.</param>
internal readonly record struct SealCost(double CpuPerMillion, double BytesPerPacket)
{
    private const int Takes = 4;
    private const int StreamsPerTake = 2;
    private const int Batch = 5;
    private const int Turns = 10_000;
    private const long PacketNs = 20_000_000;
    private const long MostUnderWay = 8 * 1024 * 1024;

    /// <summary>
    /// Records calls of 1,000 s of media time, one after the other and without a network, and seals each. The first ones
    /// warm the code up; the last is measured.
    /// </summary>
    internal static async Task<SealCost> MeasureAsync(string folder)
    {
        var device = new ScriptedDevice(Batch);
        var recorder = await EngineRecorder.OpenAsync(device, 0, folder).ConfigureAwait(false);
        await using var disposing = recorder.ConfigureAwait(false);
        var cost = default(SealCost);
        for (var take = 0; take < Takes; take++)
        {
            cost = await MeasureAsync(recorder, device, StreamsPerTake * take).ConfigureAwait(false);
        }

        return cost;
    }

    private static async Task<SealCost> MeasureAsync(EngineRecorder recorder, ScriptedDevice device, int firstStream)
    {
        var stored = recorder.Counts.Stored;
        var take = await recorder.OpenTakeAsync(StreamsPerTake).ConfigureAwait(false);
        for (var turn = 0; turn < Turns; turn++)
        {
            device.Deliver(firstStream, (ushort)(turn * Batch));
            device.Deliver(firstStream + 1, (ushort)(turn * Batch));
            device.Advance(PacketNs * Batch);
            while (recorder.UnderWay > MostUnderWay)
            {
                await Task.Yield();
            }
        }

        var packets = recorder.Counts.Stored - stored;
        var closed = await recorder.CloseOnlyAsync(take).ConfigureAwait(false);
        var before = ProcessClock.Read(Environment.ProcessId);
        var recording = await recorder.SealAsync(take, closed, []).ConfigureAwait(false);
        var cpu = ProcessClock.Read(Environment.ProcessId) - before;
        return new SealCost(cpu.TotalSeconds * 1e6 / packets, (double)recording.Bytes / packets);
    }
}
