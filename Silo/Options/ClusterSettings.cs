using System.Net;
using Talreg.Hardware.Link;

namespace Talreg.Silo.Options;

/// <summary>What silo and gateway need to know when they are processes of a cluster. Checked key by key; what a verb cannot
/// do without it asks for.</summary>
internal sealed record ClusterSettings
{
    /// <summary>The first key that was given; null when none was: an all-in-one recorder.</summary>
    public string? Given { get; init; }

    /// <summary>How Npgsql reaches the cluster's database; null when not given.</summary>
    public string? Database { get; init; }

    /// <summary>The cluster's name: silos and gateways of another one are not met.</summary>
    public string Id { get; init; } = "talreg";

    /// <summary>Where this silo is heard by other silos.</summary>
    public IPEndPoint Silo { get; init; } = new(IPAddress.Loopback, 11_111);

    /// <summary>Where this silo is heard by gateways; the same address.</summary>
    public IPEndPoint SiloClients { get; init; } = new(IPAddress.Loopback, 30_000);

    /// <summary>Folder of the ledger, one for all silos; null when not given.</summary>
    public string? Ledger { get; init; }

    /// <summary>File of the cluster's key, the same for all silos; null when not given.</summary>
    public string? Key { get; init; }

    /// <summary>Where silos read what this gateway recorded.</summary>
    public IPEndPoint Reading { get; init; } = new(IPAddress.Loopback, 8090);

    /// <summary>
    /// Where this gateway hears those with whom it shares its interface; null for one that nobody stands by for.
    /// </summary>
    public IPEndPoint? Heartbeat { get; init; }

    /// <summary>The address that goes with the interface; null when every gateway has its own.</summary>
    public LinkAddress? FloatingAddress { get; init; }

    /// <summary>Mutual TLS within the cluster; null for none, which is possible on loopback only.</summary>
    public ClusterTlsSettings? Tls { get; init; }
}

/// <summary>Certificates of the cluster.</summary>
/// <param name="CertificatePath">PEM file of this node's certificate, with the chain it needs.</param>
/// <param name="KeyPath">PEM file of its key.</param>
/// <param name="TrustPath">PEM file of the roots to which every certificate of the cluster leads, and no other.</param>
internal sealed record ClusterTlsSettings(string CertificatePath, string KeyPath, string TrustPath);
