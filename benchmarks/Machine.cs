using System.Globalization;
using System.Runtime.InteropServices;

namespace Talreg.Benchmarks;

/// <summary>What figures must be read with: processor, kernel, runtime, date.</summary>
internal static class Machine
{
    internal static string Describe() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Environment.ProcessorCount} x {Processor()}, Linux {Environment.OSVersion.Version}, "
        + $"{RuntimeInformation.FrameworkDescription}, {TimeProvider.System.GetUtcNow():yyyy-MM-dd}");

    private static string Processor() => File.ReadLines("/proc/cpuinfo")
        .Where(line => line.StartsWith("model name", StringComparison.Ordinal))
        .Select(line => line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim())
        .FirstOrDefault("unknown processor");
}
