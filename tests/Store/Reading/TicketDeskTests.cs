using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using Talreg.Evidence.Ledger;
using Talreg.Store.Reading;

namespace Talreg.Store.Tests.Reading;

/// <summary>A ticket opens once what it names, where and while it says so; anything else is refused by name.</summary>
public sealed class TicketDeskTests : IDisposable
{
    private static readonly Guid Take = Guid.CreateVersion7();

    private readonly FakeTimeProvider _clock = new(DateTimeOffset.FromUnixTimeSeconds(1_790_000_000));
    private readonly LogSigner _signer = new("tickets", RandomNumberGenerator.GetBytes(32));
    private readonly TicketDesk _desk;

    public TicketDeskTests() => _desk = new TicketDesk("gw1", _clock) { Key = _signer.Verifier };

    private ReadTicket Ticket => new()
    {
        Id = Guid.NewGuid(),
        Gateway = "gw1",
        Incarnation = _desk.Incarnation,
        Tenant = "bank",
        Call = Guid.CreateVersion7(),
        Take = Take,
        Kind = ReadKind.Bytes,
        Actor = "Jürgen <auditor>",
        Purpose = "complaint \"4711\"",
        First = 1000,
        Length = 500,
        Expires = _clock.GetUtcNow() + TimeSpan.FromSeconds(30),
    };

    [Fact]
    public void Take_of_a_good_ticket_says_who_reads_what_and_why()
    {
        var ticket = Ticket;
        Assert.Equal(TicketRefusal.None, _desk.Take(ticket.Sign(_signer), Bytes(1100, 400), out var read));
        Assert.Equal(ticket, read);
        Assert.Equal(1, _desk.Count(TicketRefusal.None));
    }

    [Fact]
    public void Take_of_a_ticket_that_was_shown_is_refused_until_it_has_expired_and_after()
    {
        var token = Ticket.Sign(_signer);
        Assert.Equal(TicketRefusal.None, _desk.Take(token, Bytes(), out _));
        Assert.Equal(TicketRefusal.UsedUp, _desk.Take(token, Bytes(), out var ticket));
        Assert.Null(ticket);
        _clock.Advance(TimeSpan.FromSeconds(31));
        Assert.Equal(TicketRefusal.Expired, _desk.Take(token, Bytes(), out _));
        Assert.Equal((1, 1), (_desk.Count(TicketRefusal.UsedUp), _desk.Count(TicketRefusal.Expired)));
    }

    [Fact]
    public void Take_of_a_ticket_for_something_else_is_refused_as_foreign_and_does_not_use_it_up()
    {
        var token = Ticket.Sign(_signer);
        Assert.Equal(TicketRefusal.Foreign, Shown(Ticket with { Gateway = "gw2" }));
        Assert.Equal(TicketRefusal.Foreign, Shown(Ticket with { Incarnation = Guid.NewGuid() }));
        Assert.Equal(TicketRefusal.Foreign, Shown(Ticket with { Tenant = "other" }));
        Assert.Equal(TicketRefusal.Foreign, Shown(Ticket with { Take = Guid.NewGuid() }));
        Assert.Equal(TicketRefusal.Foreign, Shown(Ticket with { Kind = ReadKind.Keys }));
        Assert.Equal(TicketRefusal.Foreign, _desk.Take(token, new ReadRequest("bank", Take, ReadKind.Keys), out _));
        Assert.Equal(TicketRefusal.Foreign, _desk.Take(token, Bytes() with { Tenant = "other" }, out _));
        Assert.Equal(TicketRefusal.None, _desk.Take(token, Bytes(), out _));
    }

    [Theory]
    [InlineData(999, 1)]
    [InlineData(1000, 501)]
    [InlineData(1499, 2)]
    [InlineData(1500, 1)]
    [InlineData(0, long.MaxValue)]
    [InlineData(long.MaxValue, 1)]
    public void Take_of_more_than_the_ticket_names_is_refused(long first, long length) =>
        Assert.Equal(TicketRefusal.OutsideRange, _desk.Take(Ticket.Sign(_signer), Bytes(first, length), out _));

    [Fact]
    public void Take_of_a_ticket_that_is_good_for_too_long_is_refused()
    {
        var last = _clock.GetUtcNow() + ReadTicket.MaxLife;
        Assert.Equal(TicketRefusal.None, Shown(Ticket with { Expires = last }));
        Assert.Equal(TicketRefusal.TooLong, Shown(Ticket with { Expires = last + TimeSpan.FromSeconds(1) }));
        Assert.Equal(TicketRefusal.Expired, Shown(Ticket with { Expires = _clock.GetUtcNow() }));
    }

    [Fact]
    public void Take_of_any_ticket_with_one_bit_changed_is_refused()
    {
        var token = Ticket.Sign(_signer);
        var bytes = Base64Url.DecodeFromChars(token);
        for (var i = 0; i < bytes.Length * 8; i++)
        {
            bytes[i / 8] ^= (byte)(1 << (i % 8));
            var outcome = _desk.Take(Base64Url.EncodeToString(bytes), Bytes(), out var ticket);
            Assert.True(outcome is TicketRefusal.Malformed or TicketRefusal.Forged, $"bit {i}: {outcome}");
            Assert.Null(ticket);
            bytes[i / 8] ^= (byte)(1 << (i % 8));
        }

        Assert.Equal(TicketRefusal.None, _desk.Take(token, Bytes(), out _));
    }

    [Fact]
    public void Take_of_a_ticket_by_another_key_is_refused_as_forged()
    {
        using var other = new LogSigner("tickets", RandomNumberGenerator.GetBytes(32));
        using var renamed = new LogSigner("tickets2", RandomNumberGenerator.GetBytes(32));
        Assert.Equal(TicketRefusal.Forged, _desk.Take(Ticket.Sign(other), Bytes(), out _));
        Assert.Equal(TicketRefusal.Forged, _desk.Take(Ticket.Sign(renamed), Bytes(), out _));
    }

    [Fact]
    public void Take_before_the_key_is_known_is_refused_and_the_ticket_stays_good()
    {
        var token = Ticket.Sign(_signer);
        _desk.Key = null;
        Assert.Equal(TicketRefusal.NoKey, _desk.Take(token, Bytes(), out _));
        _desk.Key = _signer.Verifier;
        Assert.Equal(TicketRefusal.None, _desk.Take(token, Bytes(), out _));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("!!!")]
    [InlineData("e30K")]
    public void Take_of_what_is_no_ticket_is_refused_as_malformed(string? token) =>
        Assert.Equal(TicketRefusal.Malformed, _desk.Take(token, Bytes(), out _));

    [Theory]
    [InlineData("{}")]
    [InlineData("{\"ticket\":1}")]
    [InlineData("[]")]
    public void Take_of_a_signed_note_that_is_no_ticket_is_refused_as_malformed(string text)
    {
        var note = Base64Url.EncodeToString(Encoding.UTF8.GetBytes(_signer.SignNote(text + "\n")));
        Assert.Equal(TicketRefusal.Malformed, _desk.Take(note, Bytes(), out _));
    }

    [Fact]
    public void Take_of_a_ticket_longer_than_tickets_are_is_refused_as_malformed() => Assert.Equal(
        TicketRefusal.Malformed, _desk.Take(new string('a', ReadTicket.MaxLength + 4), Bytes(), out _));

    [Fact]
    public void Sign_of_the_longest_texts_is_a_ticket_and_of_longer_ones_is_refused()
    {
        var longest = new string('\u20AC', ReadTicket.MaxText);
        Assert.Equal(TicketRefusal.None, Shown(Ticket with { Actor = longest, Purpose = longest }));
        Assert.Throws<ArgumentException>(() => (Ticket with { Actor = longest + "x" }).Sign(_signer));
    }

    public void Dispose() => _signer.Dispose();

    private static ReadRequest Bytes(long first = 1000, long length = 500) =>
        new("bank", Take, ReadKind.Bytes, first, length);

    private TicketRefusal Shown(ReadTicket ticket) => _desk.Take(ticket.Sign(_signer), Bytes(), out _);
}
