using System.Net;
using Talreg.Gateway.Archive;
using Talreg.Gateway.Scrub;
using Talreg.Hardware.Link;
using Talreg.Sip.Access;
using Talreg.Sip.Transport;

namespace Talreg.Gateway;

/// <summary>What a gateway on one SIP interface needs to know.</summary>
public sealed record GatewayOptions
{
    /// <summary>The most m-lines recorded of one session; further ones are answered with port 0.</summary>
    public const int MaxStreams = 16;

    /// <summary>The tenant whose calls come in here.</summary>
    public required string Tenant { get; init; }

    /// <summary>The site's name, in every chunk.</summary>
    public required string Site { get; init; }

    /// <summary>This gateway's name.</summary>
    public required string Gateway { get; init; }

    /// <summary>The interface's name.</summary>
    public required string Interface { get; init; }

    /// <summary>
    /// Where heartbeats of other gateways on the interface are heard; port 0 takes a free one. Null: this gateway takes
    /// part in no takeover.
    /// </summary>
    public IPEndPoint? Heartbeat { get; init; }

    /// <summary>
    /// The address that goes with the interface: its owner holds it. Null: every gateway has its own, and clients know
    /// them all. Needs <see cref="Heartbeat"/>.
    /// </summary>
    public ILinkAddress? FloatingAddress { get; init; }

    /// <summary>Where SIP is heard, over UDP and TCP.</summary>
    public required IPEndPoint Sip { get; init; }

    /// <summary>Further addresses where SIP is heard, over UDP and TCP.</summary>
    public IReadOnlyList<IPEndPoint> SipAlso { get; init; } = [];

    /// <summary>Where SIP is heard under TLS, and with what certificate; null for nowhere.</summary>
    public SipTlsOptions? SipTls { get; init; }

    /// <summary>Who may record here.</summary>
    public SipAccess SipAccess { get; init; } = new();

    /// <summary>
    /// False refuses <c>Require: siprec</c> with 420: this interface records nothing for anyone who asks so.
    /// </summary>
    public bool SiprecEnabled { get; init; } = true;

    /// <summary>
    /// Encodings in the order preferred, by their SDP names; every other one offered is accepted behind them, because
    /// what
    /// cannot be decoded is stored all the same. Empty: the client's order.
    /// </summary>
    public IReadOnlyList<string> Codecs { get; init; } = [];

    /// <summary>
    /// True takes SRTP keys that came over SIP without TLS, and flags the call; false refuses such m-lines.
    /// </summary>
    public bool SrtpKeysInClear { get; init; }

    /// <summary>Prefixes of the recorded lines' numbers; empty: the first participant is the line.</summary>
    public IReadOnlyList<string> Lines { get; init; } = [];

    /// <summary>How long admission may take before the gateway decides alone (design §3).</summary>
    public TimeSpan AdmissionDeadline { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>A recording take without a packet for this long is sealed as <c>mediaTimeout</c>.</summary>
    public TimeSpan MediaTimeout { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>How sealed recordings are checked again; null for never.</summary>
    public ScrubOptions? Scrub { get; init; }

    /// <summary>Where sealed recordings are archived; null for nowhere.</summary>
    public ArchiveOptions? Archive { get; init; }

    /// <summary>How long an orderly stop waits for seals; what is left is sealed at the next start.</summary>
    public TimeSpan StopWithin { get; init; } = TimeSpan.FromSeconds(20);
}
