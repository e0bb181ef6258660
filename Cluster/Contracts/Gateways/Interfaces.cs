using Talreg.Contracts.Calls;

namespace Talreg.Contracts.Gateways;

/// <summary>What a take should be doing.</summary>
public enum TakeDesire
{
    /// <summary>Store what arrives.</summary>
    Record,

    /// <summary>Store nothing; the stream goes on.</summary>
    Pause,

    /// <summary>Seal it.</summary>
    Stop,

    /// <summary>What its verdict said: nobody has asked for anything else.</summary>
    AsAdmitted,
}

/// <summary>The desired state of one take. A higher revision replaces a lower one.</summary>
[GenerateSerializer, Immutable, Alias("Talreg.TakeOrder")]
public sealed record TakeOrder(
    [property: Id(0)] TakeId Take,
    [property: Id(1)] TakeDesire Desire,
    [property: Id(2)] long Revision,
    [property: Id(3)] string Reason)
{
    /// <summary>True while keys pressed are not to be stored.</summary>
    [Id(4)] public bool DigitsSuppressed { get; init; }
}

/// <summary>How a gateway is told at once. The same orders can be pulled, so that none is lost.</summary>
[Alias("Talreg.IGatewayObserver")]
public interface IGatewayObserver : IGrainObserver
{
    /// <summary>Carries out an order; completes when it is in force.</summary>
    [Alias("Execute")]
    Task ExecuteAsync(TakeOrder order);

    /// <summary>A live take as it stands; null when the gateway does not have it.</summary>
    [Alias("Read")]
    Task<TakeDocument?> ReadAsync(TakeId take);
}

/// <summary>Where a gateway gives what it recorded to silos.</summary>
/// <param name="Address">Its base address, <c>https</c> unless it is on loopback without certificates.</param>
/// <param name="Incarnation">Drawn at each start of the gateway; tickets name it.</param>
[GenerateSerializer, Immutable, Alias("Talreg.GatewayReading")]
public sealed record GatewayReading([property: Id(0)] Uri Address, [property: Id(1)] Guid Incarnation);

/// <summary>A gateway as the cluster sees it. Key: <c>{tenant}/{gateway}</c>.</summary>
[Alias("Talreg.IGatewayGrain")]
public interface IGatewayGrain : IGrainWithStringKey
{
    /// <summary>The gateway is there; orders are pushed to the observer. Called at start and with each pull.</summary>
    [Alias("Register")]
    Task RegisterAsync(IGatewayObserver observer);

    /// <summary>
    /// Keeps an order until the take is forgotten, pushes it, and says whether the gateway confirmed within 200 ms.
    /// </summary>
    [Alias("Order")]
    Task<bool> OrderAsync(TakeOrder order);

    /// <summary>Every order in force. The gateway pulls each second.</summary>
    [Alias("Pull")]
    Task<IReadOnlyList<TakeOrder>> PullAsync();

    /// <summary>
    /// A live take as it stands, asked of the gateway; null when it does not answer within 500 ms or does not have
    /// it.
    /// </summary>
    [Alias("Read")]
    Task<TakeDocument?> ReadAsync(TakeId take);

    /// <summary>The take is sealed: its orders are dropped.</summary>
    [Alias("Forget")]
    Task ForgetAsync(TakeId take);

    /// <summary>What the gateway says of itself, with each pull; kept in memory only.</summary>
    [Alias("Report")]
    Task ReportAsync(GatewayReport report);

    /// <summary>The last report; null when none came since the grain was activated.</summary>
    [Alias("GetReport")]
    Task<GatewayReport?> GetReportAsync();

    /// <summary>
    /// The gateway says where it is read. Called at start and every few seconds: it is not on stable storage.
    /// </summary>
    /// <returns>The public key by which it checks tickets, in the one-line form of the ledger's keys.</returns>
    /// <exception cref="RefusalException">This cluster signs no tickets.</exception>
    [Alias("AnnounceReading")]
    Task<string> AnnounceReadingAsync(GatewayReading reading);

    /// <summary>Where it is read; null when it has not said since this grain is here.</summary>
    [Alias("GetReading")]
    Task<GatewayReading?> GetReadingAsync();
}

/// <summary>Which way a call went, seen from the recorded line.</summary>
public enum CallDirection
{
    /// <summary>Not known.</summary>
    Unknown,

    /// <summary>Somebody called the line.</summary>
    Inbound,

    /// <summary>The line called somebody.</summary>
    Outbound,

    /// <summary>Both ends are recorded lines of the interface.</summary>
    Internal,
}

/// <summary>What the gateway knows of a call when it asks for admission.</summary>
[GenerateSerializer, Immutable, Alias("Talreg.CallOffer")]
public sealed record CallOffer(
    [property: Id(0)] CallId Proposed,
    [property: Id(1)] string Tenant,
    [property: Id(2)] string SessionId,
    [property: Id(3)] string Interface,
    [property: Id(4)] string Line,
    [property: Id(5)] string Calling,
    [property: Id(6)] string Called,
    [property: Id(7)] CallDirection Direction,
    [property: Id(8)] IReadOnlyList<Participant> Participants,
    [property: Id(9)] IReadOnlyList<string> Flags,
    [property: Id(10)] DateTimeOffset At)
{
    /// <summary>The most keys of <see cref="LinkKeys"/> that are looked at.</summary>
    public const int MaxLinkKeys = 4;

    /// <summary>What vendors say of the call.</summary>
    [Id(11)] public IReadOnlyList<CallAttribute> Attributes { get; init; } = [];

    /// <summary>
    /// Ids shared with calls that belong with this one, hashed: legs of a transfer, halves of a call.
    /// </summary>
    [Id(12)] public IReadOnlyList<string> LinkKeys { get; init; } = [];
}

/// <summary>The answer to an offer.</summary>
[GenerateSerializer, Immutable, Alias("Talreg.Admission")]
public sealed record Admission(
    [property: Id(0)] CallId Call,
    [property: Id(1)] Verdict Verdict,
    [property: Id(2)] CallAdmitted Admitted)
{
    /// <summary>
    /// True where keys pressed are not to be stored from the start, by the verdict or by an earlier command.
    /// </summary>
    [Id(3)] public bool DigitsSuppressed { get; init; }
}

/// <summary>One recorded line. Key: <c>{tenant}/{interface}/{line}</c>.</summary>
[Alias("Talreg.IChannelGrain")]
public interface IChannelGrain : IGrainWithStringKey
{
    /// <summary>Decides about a call. The same session offered again gets the same answer.</summary>
    [Alias("Admit")]
    Task<Admission> AdmitAsync(CallOffer offer);

    /// <summary>A call admitted here ended.</summary>
    [Alias("Ended")]
    Task EndedAsync(CallId call, DateTimeOffset at);

    /// <summary>The channel as it stands; null when it never had a call.</summary>
    [Alias("Get")]
    Task<ChannelDocument?> GetAsync();
}

/// <summary>A channel, as the API gives it.</summary>
[GenerateSerializer, Immutable, Alias("Talreg.ChannelDocument")]
public sealed record ChannelDocument(
    [property: Id(0)] string Tenant,
    [property: Id(1)] string Interface,
    [property: Id(2)] string Line,
    [property: Id(3)] string Policy,
    [property: Id(4)] IReadOnlyList<CallId> ActiveCalls,
    [property: Id(5)] CallId? LastCall,
    [property: Id(6)] DateTimeOffset? LastCallAt,
    [property: Id(7)] long CallsAdmitted);
