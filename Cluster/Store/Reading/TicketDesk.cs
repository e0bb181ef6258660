using Talreg.Evidence.Ledger;

namespace Talreg.Store.Reading;

/// <summary>
/// Checks the tickets of one gateway: each opens once, what it names, here, in its time. Any thread. Nothing of the
/// check is secret: signatures are Ed25519 over a public key, and nothing else is compared before the signature holds.
/// </summary>
/// <param name="gateway">The gateway's name.</param>
/// <param name="clock">Tells when tickets expire.</param>
public sealed class TicketDesk(string gateway, TimeProvider clock)
{
    /// <summary>
    /// The most tickets remembered as used: a minute's worth, which is as long as one can be shown. Past it every
    /// ticket is refused as busy, because one that is not remembered could be shown again.
    /// </summary>
    public const int MaxRemembered = 100_000;

    private static readonly int Kinds = Enum.GetValues<TicketRefusal>().Length;

    private readonly Lock _gate = new();
    private readonly HashSet<Guid> _used = [];
    private readonly PriorityQueue<Guid, long> _byExpiry = new();
    private readonly long[] _counts = new long[Kinds];
    private volatile VerifierKey? _key;

    /// <summary>Drawn at each start; tickets are for one.</summary>
    public Guid Incarnation { get; } = Guid.NewGuid();

    /// <summary>By what tickets are checked; null until the cluster has said.</summary>
    public VerifierKey? Key
    {
        get => _key;
        set => _key = value;
    }

    /// <summary>How many tickets came to an outcome, since the start.</summary>
    public long Count(TicketRefusal outcome) => Interlocked.Read(ref _counts[(int)outcome]);

    /// <summary>Takes a ticket.</summary>
    /// <param name="token">As it came; null for none.</param>
    /// <param name="asked">What it was shown for.</param>
    /// <param name="ticket">What it says; null unless it opens what was asked for.</param>
    /// <returns><see cref="TicketRefusal.None"/> when it does, and never again.</returns>
    public TicketRefusal Take(string? token, in ReadRequest asked, out ReadTicket? ticket)
    {
        var outcome = Check(token, asked, out ticket);
        Interlocked.Increment(ref _counts[(int)outcome]);
        ticket = outcome == TicketRefusal.None ? ticket : null;
        return outcome;
    }

    private TicketRefusal Check(string? token, in ReadRequest asked, out ReadTicket? ticket)
    {
        if (!ReadTicket.TryRead(token, out var note, out ticket))
        {
            return TicketRefusal.Malformed;
        }

        if (_key is not { } key)
        {
            return TicketRefusal.NoKey;
        }

        if (!note.IsSignedBy(key))
        {
            return TicketRefusal.Forged;
        }

        if (ticket.Gateway != gateway || ticket.Incarnation != Incarnation
            || ticket.Tenant != asked.Tenant || ticket.Take != asked.Take || ticket.Kind != asked.Kind)
        {
            return TicketRefusal.Foreign;
        }

        var now = clock.GetUtcNow();
        return ticket.Expires <= now ? TicketRefusal.Expired
            : ticket.Expires > now + ReadTicket.MaxLife ? TicketRefusal.TooLong
            : asked.First < ticket.First || asked.Length > ticket.Length - (asked.First - ticket.First)
                ? TicketRefusal.OutsideRange
            : Use(ticket, now);
    }

    private TicketRefusal Use(ReadTicket ticket, DateTimeOffset now)
    {
        lock (_gate)
        {
            while (_byExpiry.TryPeek(out var old, out var expires) && expires <= now.UtcTicks)
            {
                _byExpiry.Dequeue();
                _used.Remove(old);
            }

            if (_used.Contains(ticket.Id))
            {
                return TicketRefusal.UsedUp;
            }

            if (_used.Count >= MaxRemembered)
            {
                return TicketRefusal.Busy;
            }

            _used.Add(ticket.Id);
            _byExpiry.Enqueue(ticket.Id, ticket.Expires.UtcTicks);
            return TicketRefusal.None;
        }
    }
}

/// <summary>What a ticket is shown for.</summary>
/// <param name="Tenant">The customer.</param>
/// <param name="Take">The take.</param>
/// <param name="Kind">What of it.</param>
/// <param name="First">Offset of the first byte, 0 or more; 0 for keys.</param>
/// <param name="Length">How many bytes, 0 or more; 0 for keys.</param>
public readonly record struct ReadRequest(string Tenant, Guid Take, ReadKind Kind, long First = 0, long Length = 0);
