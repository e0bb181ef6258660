using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Talreg.Media.Codecs;

/// <summary>
/// Decodes frames by <c>ffmpeg</c>, in a process of its own for each run: patents and memory faults of those decoders stay
/// outside. The process gets frames on its standard input and nothing else: no file, no network protocol, no environment. Its
/// processor time, memory, waiting time and output are bounded; what passes a bound ends in <see cref="AudioDecodeException"/>.
/// </summary>
internal sealed partial class ExternalDecoder
{
    private const int MaxMessageChars = 1000;
    private const int AddressSpace = 9;
    private const int ProcessorTime = 0;
    private const int FileSize = 1;
    private const int NoSuchProcess = 3;
    private const ulong MaxAddressSpaceBytes = 2UL << 30;
    private const ulong MaxProcessorSeconds = 20;

    private static readonly TimeSpan DefaultMaxDuration = TimeSpan.FromSeconds(60);

    private readonly string _program;
    private readonly TimeSpan _maxDuration;

    private ExternalDecoder(string program, TimeSpan maxDuration)
    {
        _program = program;
        _maxDuration = maxDuration;
    }

    /// <summary>The program in one of the folders of a search path, or null.</summary>
    /// <param name="searchPath">Folders with colons between, as in PATH.</param>
    /// <param name="maxDuration">The longest wait for one run; 60 s when null.</param>
    public static ExternalDecoder? Find(string searchPath, TimeSpan? maxDuration = null) =>
        searchPath.Split(':', StringSplitOptions.RemoveEmptyEntries)
            .Where(Path.IsPathFullyQualified)
            .Select(folder => Path.Combine(folder, "ffmpeg"))
            .FirstOrDefault(File.Exists) is { } program
            ? new ExternalDecoder(program, maxDuration ?? DefaultMaxDuration)
            : null;

    /// <summary>Decodes one run.</summary>
    /// <param name="format">The program's name of the raw format.</param>
    /// <param name="input">The format's bytes.</param>
    /// <param name="sampleRate">Of the output, in Hz.</param>
    /// <param name="samples">Filled completely: the input makes exactly as many.</param>
    public void Decode(string format, ReadOnlyMemory<byte> input, int sampleRate, Span<short> samples)
    {
        using var process = Start(format, sampleRate);
        using var limit = new CancellationTokenSource(_maxDuration);
        using var kill = limit.Token.Register(static state => Kill((Process)state!), process);
        var writer = new Thread(() => Write(process, input)) { IsBackground = true, Name = "ffmpeg input" };
        int read;
        string said;
        try
        {
            Restrict(process);
            writer.Start();
            read = Read(process.StandardOutput.BaseStream, samples);
            said = read > samples.Length ? "" : ReadMessage(process.StandardError);
        }
        finally
        {
            Kill(process);
            process.WaitForExit();
        }

        writer.Join();
        if (limit.IsCancellationRequested)
        {
            throw new AudioDecodeException($"ffmpeg took over {_maxDuration.TotalSeconds} s for a run of {format}.");
        }

        if (read != samples.Length)
        {
            throw new AudioDecodeException(
                $"ffmpeg made {read} samples of a run of {format} instead of {samples.Length}. {said}");
        }
    }

    private Process Start(string format, int sampleRate)
    {
        var start = new ProcessStartInfo(_program)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };
        start.Environment.Clear();
        string[] arguments =
        [
            "-nostdin", "-hide_banner", "-loglevel", "fatal", "-threads", "1", "-protocol_whitelist", "pipe",
            "-f", format, "-i", "pipe:0",
            "-map", "0:a:0", "-f", "s16le", "-ac", "1", "-ar", FormattableString.Invariant($"{sampleRate}"), "pipe:1",
        ];
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        try
        {
            return Process.Start(start) ?? throw new AudioDecodeException("ffmpeg did not start.");
        }
        catch (System.ComponentModel.Win32Exception exception)
        {
            throw new AudioDecodeException($"{_program} did not start: {exception.Message}", exception);
        }
    }

    // In force before the first byte of input is written: the program has nothing to decode until then.
    private static void Restrict(Process process)
    {
        Limit(process.Id, AddressSpace, MaxAddressSpaceBytes);
        Limit(process.Id, ProcessorTime, MaxProcessorSeconds);
        Limit(process.Id, FileSize, 0);
    }

    private static void Limit(int process, int resource, ulong most)
    {
        var limit = new ResourceLimit { Current = most, Maximum = most };
        var error = SetLimit(process, resource, limit, 0) == 0 ? 0 : Marshal.GetLastPInvokeError();

        // One that has ended already needs no limit: too few samples tell.
        if (error is not (0 or NoSuchProcess))
        {
            throw new AudioDecodeException(
                $"prlimit({resource}) of ffmpeg failed: {Marshal.GetPInvokeErrorMessage(error)}");
        }
    }

    private static void Write(Process process, ReadOnlyMemory<byte> input)
    {
        try
        {
            process.StandardInput.BaseStream.Write(input.Span);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It has gone before it read everything: too few samples tell.
            return;
        }
    }

    // The program says little, and only when it gives up: what it said waits in the pipe until its output has ended.
    private static string ReadMessage(StreamReader error)
    {
        var message = new char[MaxMessageChars];
        return new string(message, 0, error.ReadBlock(message, 0, message.Length)).Trim();
    }

    private static int Read(Stream output, Span<short> samples)
    {
        var bytes = MemoryMarshal.AsBytes(samples);
        var read = output.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);

        // One sample more would be one that belongs nowhere.
        var more = read == bytes.Length && output.ReadByte() >= 0 ? 1 : 0;
        return (read / sizeof(short)) + more;
    }

    private static void Kill(Process process)
    {
        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
        }
    }

    [LibraryImport("libc", EntryPoint = "prlimit", SetLastError = true)]
    private static partial int SetLimit(int process, int resource, in ResourceLimit limit, nint previous);

    [StructLayout(LayoutKind.Sequential)]
    private struct ResourceLimit
    {
        internal ulong Current;
        internal ulong Maximum;
    }
}
