using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Talreg.Store.IO;
using Talreg.TestKit;

namespace Talreg.Store.Tests;

/// <summary>
/// Power is lost while a process captures: an ext4 on a loop device is shut down without a flush (FS_IOC_SHUTDOWN), mounted
/// again, and recovered.
/// </summary>
public sealed partial class PowerLossTests
{
    private const string FolderVariable = "TALREG_TESTS_POWER_FOLDER";
    private const string SyncsVariable = "TALREG_TESTS_POWER_SYNCS";
    private const string RoundsVariable = "TALREG_TESTS_POWER_ROUNDS";
    private const string DiskBytes = "128M";

    // The kernel's linux/fs.h and ext4.h: _IOR('X', 125, __u32), and "do not even flush the journal".
    private const nuint ShutDown = 0x8004587D;
    private const uint WithoutFlush = 2;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static string? Folder => Environment.GetEnvironmentVariable(FolderVariable);

    private static string Image => Path.Combine(Folder!, "disk.img");

    private static string Mounted => Path.Combine(Folder!, "disk");

    [Fact]
    public Task PowerLoss_whileCapturing_losesNoAcknowledgedChunk() => RunAsync(syncs: true);

    /// <summary>The test beside it can fail.</summary>
    [Fact]
    public Task PowerLoss_withoutSyncs_losesAcknowledgedChunks() => RunAsync(syncs: false);

    /// <summary>Not a test: what the process that sees the disk runs.</summary>
    [Fact(Explicit = true)]
    public async Task Child_losesPowerAndRecovers()
    {
        var syncs = Environment.GetEnvironmentVariable(SyncsVariable) != bool.FalseString;
        Assert.SkipWhen(Folder is null, "only as a child of the tests beside it");
        var rounds = int.TryParse(Environment.GetEnvironmentVariable(RoundsVariable), out var more) && syncs ? more : 1;
        for (var round = 1; round <= rounds; round++)
        {
            var published = await CaptureAndLosePowerAsync(round, syncs);
            await RunToolAsync("umount", Mounted);
            await RunToolAsync("mount", "-o", "loop,commit=300", Image, Mounted);
            var fault = await CapturingChild.RecoverAsync(Mounted, round, published);
            Assert.True(syncs == fault is null, fault ?? "nothing was lost, though nothing was synced");
        }
    }

    private static async Task RunAsync(bool syncs)
    {
        var make = Peer.Require("mkfs.ext4", "e2fsprogs");
        if (!Environment.IsPrivilegedProcess)
        {
            Peer.Missing("the right to mount a loop device (root)", "e2fsprogs");
        }

        using var folder = new TemporaryFolder();
        var (image, disk) = (Path.Combine(folder.Path, "disk.img"), Path.Combine(folder.Path, "disk"));
        Directory.CreateDirectory(disk);
        await ChildTest.RunMountedAsync(
            typeof(PowerLossTests),
            nameof(Child_losesPowerAndRecovers),
            new Dictionary<string, string>(StringComparer.Ordinal)
            {
                [FolderVariable] = folder.Path, [SyncsVariable] = syncs.ToString(),
            },
            $"truncate -s {DiskBytes} '{image}' && '{make}' -q -F '{image}' && mount -o loop,commit=300 '{image}' '{disk}'",
            userMay: false,
            Token);
    }

    private static async Task<ulong[]> CaptureAndLosePowerAsync(int round, bool syncs)
    {
        var progress = Path.Combine(Folder!, $"progress-{round}");
        using var child = CapturingChild.Start(Mounted, progress, round, syncs);
        try
        {
            await Wait.UntilAsync(
                () => child.HasExited || CapturingChild.Published(progress).All(static chunks => chunks > 1000),
                $"1000 committed chunks of each take of round {round}",
                TimeSpan.FromSeconds(60),
                Token);
            LosePower();
            await child.WaitForExitAsync(Token);
            var output = await child.StandardOutput.ReadToEndAsync(Token);
            Assert.True(child.ExitCode == 0, $"the process did not outlive its disk: {output}");
        }
        finally
        {
            if (!child.HasExited)
            {
                child.Kill();
            }
        }

        // Read when nothing is acknowledged any more: all of it was before the power went.
        return CapturingChild.Published(progress);
    }

    private static void LosePower()
    {
        using var root = Libc.Open(Mounted, Libc.ReadOnly | Libc.CloseOnExec, 0);
        Assert.False(root.IsInvalid, Marshal.GetLastPInvokeErrorMessage());
        Assert.True(Control(root, ShutDown, WithoutFlush) == 0, Marshal.GetLastPInvokeErrorMessage());
    }

    private static async Task RunToolAsync(string program, params string[] arguments)
    {
        var (code, output) = await Peer.RunAsync(
            Peer.Require(program, "mount"), arguments, Folder!, TimeSpan.FromSeconds(30), Token);
        Assert.True(code == 0, $"{program}: {output}");
    }

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Control(SafeFileHandle file, nuint request, in uint value);
}
