using Talreg.Capture;
using Talreg.Capture.PreBuffer;
using Talreg.Evidence.Keys;
using Talreg.Gateway;
using Talreg.Gateway.Archive;
using Talreg.Gateway.Scrub;
using Talreg.Hardware.Udp;
using Talreg.Silo.Options;
using Talreg.Store;
using Talreg.Store.Archive;
using Talreg.Store.Journal;
using Talreg.Store.Keys;
using Talreg.Store.Recordings;

namespace Talreg.Silo.Hosting;

/// <summary>
/// What a gateway keeps and captures with: folder, keys, journal, recordings, media device. Opened in this order and closed
/// in the opposite one.
/// </summary>
internal sealed class GatewayParts : IAsyncDisposable
{
    private readonly RootKey _root;
    private readonly PreBufferPool? _preBuffer;

    private GatewayParts(
        DataFolder folder,
        RootKey root,
        FileKeyStore keys,
        TakeJournal journal,
        PreBufferPool? preBuffer,
        UdpDevice device,
        CaptureEngine capture)
    {
        Folder = folder;
        _root = root;
        Keys = keys;
        Journal = journal;
        _preBuffer = preBuffer;
        Device = device;
        Capture = capture;
        Recordings = new RecordingStore(folder.Path, keys);
    }

    public DataFolder Folder { get; }

    public FileKeyStore Keys { get; }

    public TakeJournal Journal { get; }

    public UdpDevice Device { get; }

    public CaptureEngine Capture { get; }

    public RecordingStore Recordings { get; }

    /// <summary>Takes the folder and opens everything in it; no port is opened yet.</summary>
    /// <param name="settings">Where and how.</param>
    /// <param name="hears">False for work on a stopped recorder's data.</param>
    /// <param name="cancellationToken">Ends the opening.</param>
    /// <exception cref="StartRefusedException">With the line to print.</exception>
    public static async Task<GatewayParts> OpenAsync(
        RecorderSettings settings, bool hears, CancellationToken cancellationToken)
    {
        var folder = DataFolder.Take(settings.Data);
        RootKey? root = null;
        FileKeyStore? keys = null;
        TakeJournal? journal = null;
        PreBufferPool? preBuffer = null;
        try
        {
            if (hears)
            {
                PortCheck.Require(settings);
            }

            // Beside what waits for the disk.
            var rehearsal = hears ? Task.Run(Rehearsal.Run, cancellationToken) : Task.CompletedTask;
            root = OpenRootKey(Path.Combine(folder.Sub("keys"), "root.key"));
            keys = FileKeyStore.Open(folder.Sub("keys"), root);
            journal = await TakeJournal.OpenAsync(
                new JournalOptions
                {
                    Volumes = settings.Volumes.Count > 0 ? settings.Volumes : [folder.Path],
                    RecordingsDirectory = folder.Path,
                    SegmentBytes = settings.SegmentBytes,
                    ReserveSegments = settings.ReserveSegments,
                    UnconfirmedBytes = settings.StallBytes,
                    AlarmPercent = settings.SpaceAlarm,
                    RefusePercent = settings.SpaceRefuse,
                },
                keys,
                TimeProvider.System,
                cancellationToken).ConfigureAwait(false);
            preBuffer = OpenPreBuffer(settings);
            await rehearsal.ConfigureAwait(false);
            var device = MediaDevice.Open(settings, hears);
            var capture = new CaptureEngine(
                device, journal, preBuffer: preBuffer, sendReports: settings.RtcpReports);
            return new GatewayParts(folder, root, keys, journal, preBuffer, device, capture);
        }
        catch (Exception e) when (e is StartRefusedException or StoreException or IOException
            or UnauthorizedAccessException or PreBufferRefusedException)
        {
            preBuffer?.Dispose();
            if (journal is not null)
            {
                await journal.DisposeAsync().ConfigureAwait(false);
            }

            keys?.Dispose();
            root?.Dispose();
            folder.Dispose();
            throw e as StartRefusedException ?? new StartRefusedException(e.Message);
        }
    }

    /// <summary>Puts the parts, and the gateway that works with them, into an application.</summary>
    /// <param name="services">The application's.</param>
    /// <param name="settings">How the gateway works.</param>
    public void AddGateway(IServiceCollection services, RecorderSettings settings)
    {
        services.AddSingleton(new GatewayOptions
        {
            Tenant = settings.Tenant,
            Site = settings.Site,
            Gateway = settings.Gateway,
            Interface = settings.Interface,
            Heartbeat = settings.Cluster.Heartbeat,
            FloatingAddress = settings.Cluster.FloatingAddress,
            Sip = settings.Sip,
            SipAlso = settings.SipAlso,
            SipTls = settings.SipTls,
            SipAccess = settings.SipAccess,
            Codecs = settings.Codecs,
            SrtpKeysInClear = settings.SrtpKeysInClear,
            Lines = settings.Lines,
            MediaTimeout = settings.MediaTimeout,
            Scrub = settings.ScrubBytesPerSecond == 0
                ? null
                : new ScrubOptions
                {
                    StateFile = Path.Combine(settings.Data, "scrub.json"),
                    BytesPerSecond = settings.ScrubBytesPerSecond,
                    Every = settings.ScrubEvery,
                },
            Archive = settings.Archive is null
                ? null
                : new ArchiveOptions
                {
                    Archive = new PosixArchive(settings.Archive),
                    StateFile = Path.Combine(settings.Data, "archive.json"),
                },
        });
        services.AddSingleton(settings);
        services.AddSingleton(Device);
        services.AddSingleton<GatewayNode>();
        services.AddHostedService<ProcessMetrics>();
        services.AddSingleton<RecorderMetrics>();
        services.AddHostedService<GatewayService>();
    }

    /// <summary>Puts the parts alone into an application.</summary>
    public void AddTo(IServiceCollection services)
    {
        services.AddSingleton<IKeyStore>(Keys);
        services.AddSingleton(Journal);
        services.AddSingleton(Capture);
        services.AddSingleton(Recordings);
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await Capture.DisposeAsync().ConfigureAwait(false);
        _preBuffer?.Dispose();
        await Journal.DisposeAsync().ConfigureAwait(false);
        Keys.Dispose();
        _root.Dispose();
        Folder.Dispose();
    }

    // What nobody chose may not keep a recorder from starting: where hardly anything may be locked, there is no pre-buffer, and
    // the calls that want one say so.
    private static PreBufferPool? OpenPreBuffer(RecorderSettings settings)
    {
        var bytes = settings.PreBufferBytes ?? PreBufferPool.DefaultBudgetBytes;
        return bytes >= PreBufferPool.BlockBytes ? new PreBufferPool(bytes) : null;
    }

    private static RootKey OpenRootKey(string path) => File.Exists(path) ? RootKey.Load(path) : RootKey.Create(path);
}
