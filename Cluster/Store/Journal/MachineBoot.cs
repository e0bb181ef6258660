namespace Talreg.Store.Journal;

/// <summary>Which boot of the machine this is.</summary>
internal static class MachineBoot
{
    private const string KernelFile = "/proc/sys/kernel/random/boot_id";

    internal static Guid Read() =>
        Guid.TryParse(File.ReadAllText(KernelFile).AsSpan().Trim(), out var id)
            ? id
            : throw new StoreException($"{KernelFile}: holds no UUID");
}
