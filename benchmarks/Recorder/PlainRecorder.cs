using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;
using Talreg.Hardware;

namespace Talreg.Benchmarks.Recorder;

/// <summary>
/// Our device and nothing else: each packet behind a header of 32 bytes into a file, in clear, synced once a second. What the
/// device costs beside the C program of the same name; not a way the product records.
/// </summary>
internal sealed class PlainRecorder : IRecorder, ICaptureSink
{
    private const int HeaderBytes = 32;
    private const int BlockBytes = 256 * 1024;
    private const int Blocks = 64;
    private const long FileBytes = 1L << 30;
    private static readonly TimeSpan SyncInterval = TimeSpan.FromSeconds(1);

    private readonly byte[][] _blocks = new byte[Blocks][];
    private readonly int[] _lengths = new int[Blocks];
    private readonly AutoResetEvent _filled = new(initialState: false);
    private readonly ManualResetEvent _stop = new(initialState: false);
    private readonly SafeFileHandle _file;
    private readonly Thread _writer;
    private readonly Thread _syncer;
    private readonly ICaptureDevice _device;
    private long _head;
    private long _tail;
    private long _received;
    private long _kernelDrops;
    private long _ownDrops;
    private long _bytes;
    private volatile bool _stopping;

    internal PlainRecorder(ICaptureDevice device, string folder)
    {
        _device = device;
        for (var i = 0; i < Blocks; i++)
        {
            _blocks[i] = GC.AllocateUninitializedArray<byte>(BlockBytes, pinned: true);
        }

        _file = File.OpenHandle(
            Path.Combine(folder, "plain"), FileMode.Create, FileAccess.Write, preallocationSize: FileBytes);
        _writer = new Thread(WriteBlocks) { IsBackground = true };
        _syncer = new Thread(SyncFile) { IsBackground = true };
        _writer.Start();
        _syncer.Start();
        device.Start(this);
    }

    public Recorded Counts => new(_received, _received - _ownDrops, _kernelDrops, _ownDrops, _bytes);

    /// <summary>Opens every pair of ports.</summary>
    internal async Task OpenAsync(int pairs)
    {
        for (var open = 0; open < pairs; open++)
        {
            var grant = await _device.OpenAsync(1).ConfigureAwait(false);
            if (grant.Refusal != Hardware.Ports.PortRefusal.None)
            {
                throw new BenchmarkException($"pair {open} of {pairs}: {grant.Refusal}");
            }
        }
    }

    public void OnBatch(in DatagramBatch batch)
    {
        _received += batch.Datagrams.Length;
        foreach (ref readonly var datagram in batch.Datagrams)
        {
            Append(datagram);
        }
    }

    public void OnEvent(in DeviceEvent deviceEvent)
    {
        if (deviceEvent.Kind == DeviceEventKind.KernelDrops)
        {
            _kernelDrops += deviceEvent.Count;
        }
    }

    public async Task FinishAsync()
    {
        await _device.DisposeAsync().ConfigureAwait(false);
        if (_lengths[_head % Blocks] > 0)
        {
            Volatile.Write(ref _head, _head + 1);
        }

        _stopping = true;
        _filled.Set();
        _stop.Set();
        _writer.Join();
        _syncer.Join();
    }

    public ValueTask DisposeAsync()
    {
        _file.Dispose();
        _filled.Dispose();
        _stop.Dispose();
        return ValueTask.CompletedTask;
    }

    private void Append(in Datagram datagram)
    {
        var place = (int)(_head % Blocks);
        if (_lengths[place] + HeaderBytes + datagram.Length > BlockBytes)
        {
            if (_head + 1 - Volatile.Read(ref _tail) >= Blocks)
            {
                _ownDrops++;
                return;
            }

            Volatile.Write(ref _head, _head + 1);
            _filled.Set();
            place = (int)(_head % Blocks);
        }

        var record = _blocks[place].AsSpan(_lengths[place]);
        BinaryPrimitives.WriteInt32LittleEndian(record, datagram.Length);
        BinaryPrimitives.WriteInt32LittleEndian(record[4..], datagram.LocalPort);
        BinaryPrimitives.WriteInt64LittleEndian(record[8..], datagram.ArrivalNs);
        var source = datagram.Source;
        BinaryPrimitives.WriteUInt64LittleEndian(record[16..], source.Low);
        BinaryPrimitives.WriteUInt64LittleEndian(record[24..], source.Port);
        datagram.Bytes.CopyTo(record[HeaderBytes..]);
        _lengths[place] += HeaderBytes + datagram.Length;
    }

    private void WriteBlocks()
    {
        long offset = 0;
        while (true)
        {
            if (Volatile.Read(ref _head) == _tail)
            {
                if (_stopping)
                {
                    return;
                }

                _filled.WaitOne();
                continue;
            }

            var place = (int)(_tail % Blocks);
            var bytes = _blocks[place].AsSpan(0, _lengths[place]);
            offset = offset + bytes.Length > FileBytes ? 0 : offset;
            RandomAccess.Write(_file, bytes, offset);
            offset += bytes.Length;
            _bytes += bytes.Length;
            _lengths[place] = 0;
            Volatile.Write(ref _tail, _tail + 1);
        }
    }

    private void SyncFile()
    {
        while (!_stop.WaitOne(SyncInterval))
        {
            FileSync.Sync(_file);
        }
    }
}
