using System.Net;
using Talreg.Contracts;
using Talreg.Grains.Policies;
using Talreg.Hardware.Udp;
using Talreg.Sip.Access;
using Talreg.Sip.Transport;

namespace Talreg.Silo.Options;

/// <summary>Everything a recorder, or a silo or gateway, needs to know, checked. Made by <see cref="SettingsReader"/>.</summary>
internal sealed record RecorderSettings
{
    /// <summary>Folder that holds everything the recorder keeps; absolute.</summary>
    public required string Data { get; init; }

    /// <summary>Where SIP is heard, UDP and TCP.</summary>
    public required IPEndPoint Sip { get; init; }

    /// <summary>Further addresses where SIP is heard, UDP and TCP.</summary>
    public IReadOnlyList<IPEndPoint> SipAlso { get; init; } = [];

    /// <summary>SIP over TLS; null for none.</summary>
    public SipTlsOptions? SipTls { get; init; }

    /// <summary>Who may record.</summary>
    public SipAccess SipAccess { get; init; } = new();

    /// <summary>Encodings preferred, by their SDP names; empty: the client's order.</summary>
    public IReadOnlyList<string> Codecs { get; init; } = [];

    /// <summary>True takes SRTP keys that came over SIP without TLS; false refuses such m-lines.</summary>
    public bool SrtpKeysInClear { get; init; }

    /// <summary>Where the API and the page are served.</summary>
    public required IPEndPoint Http { get; init; }

    /// <summary>The lowest port for media; even.</summary>
    public required int RtpLow { get; init; }

    /// <summary>The highest port for media; odd.</summary>
    public required int RtpHigh { get; init; }

    /// <summary>How media is read.</summary>
    public ReceiveMethod Receive { get; init; } = ReceiveMethod.Auto;

    /// <summary>Threads that read media; null for what suits the machine.</summary>
    public int? ReceiveShards { get; init; }

    /// <summary>True sends receiver reports (RTCP) to those who send media.</summary>
    public bool RtcpReports { get; init; } = true;

    /// <summary>The tenant whose calls these are.</summary>
    public string Tenant { get; init; } = Names.DefaultTenant;

    /// <summary>The site's name, in every chunk's header.</summary>
    public string Site { get; init; } = "site1";

    /// <summary>This gateway's name.</summary>
    public string Gateway { get; init; } = "gw1";

    /// <summary>The SIP interface's name, first part of every channel.</summary>
    public string Interface { get; init; } = "sip1";

    /// <summary>The policy that decides.</summary>
    public string Policy { get; init; } = Names.DefaultPolicy;

    /// <summary>When a change of policy needs a second person.</summary>
    public PolicyApproval PolicyApproval { get; init; } = PolicyApproval.TwoAfterFirst;

    /// <summary>A take without a packet for this long is sealed as <c>mediaTimeout</c>.</summary>
    public TimeSpan MediaTimeout { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>Folders of the journal's volumes, absolute; empty: the data folder alone.</summary>
    public IReadOnlyList<string> Volumes { get; init; } = [];

    /// <summary>Size of a journal segment in bytes.</summary>
    public long SegmentBytes { get; init; } = 256L << 20;

    /// <summary>Locked memory for pre-buffers, in bytes; 0 for none; null for what is safe here.</summary>
    public long? PreBufferBytes { get; init; }

    /// <summary>Segments' space kept in reserve on each volume for live calls.</summary>
    public int ReserveSegments { get; init; } = 1;

    /// <summary>Memory of each volume's writer for a disk that stalls, in bytes.</summary>
    public long StallBytes { get; init; } = 256L << 20;

    /// <summary>Per cent in use of a volume from which there is an alarm.</summary>
    public int SpaceAlarm { get; init; } = 80;

    /// <summary>Per cent in use of every volume from which new calls are answered 503.</summary>
    public int SpaceRefuse { get; init; } = 95;

    /// <summary>The most the scrub of sealed recordings reads, in bytes a second; 0 for no scrub.</summary>
    public long ScrubBytesPerSecond { get; init; } = 16L << 20;

    /// <summary>From the begin of one scrub of all recordings to that of the next.</summary>
    public TimeSpan ScrubEvery { get; init; } = TimeSpan.FromDays(30);

    /// <summary>Folder to which sealed recordings are copied and verified; null for none.</summary>
    public string? Archive { get; init; }

    /// <summary>Number prefixes of recorded lines; empty: the first participant of the metadata is the line.</summary>
    public IReadOnlyList<string> Lines { get; init; } = [];

    /// <summary>Who may read the ledger's published files, and who cosigns it.</summary>
    public WitnessSettings Ledger { get; init; } = new();

    /// <summary>What a process of a cluster needs to know.</summary>
    public ClusterSettings Cluster { get; init; } = new();
}
