using System.Security.Cryptography;
using Talreg.Contracts;
using Talreg.Contracts.Gateways;
using Talreg.Gateway.Ownership;

namespace Talreg.Gateway.Tests.Ownership;

/// <summary>Heartbeats: their bytes, and which are believed.</summary>
public sealed class HeartbeatTests
{
    private static readonly byte[] Key = RandomNumberGenerator.GetBytes(Heartbeat.KeyBytes);

    private static readonly Heartbeat Sample = new(
        "gw1", new Guid("00112233-4455-6677-8899-aabbccddeeff"), GatewayRole.Owner, 7, 1_000, 2_000);

    [Fact]
    public void Write_gives_the_bytes_of_the_picture()
    {
        var buffer = new byte[Heartbeat.MaxBytes];
        var length = Sample.Write(Key, buffer);
        Assert.Equal(
            "54524842" + "01" + "04" + "0000000000000007" + "00000000000003e8" + "00000000000007d0"
                + "00112233445566778899aabbccddeeff" + "03" + "677731",
            Convert.ToHexStringLower(buffer, 0, length - 32));
        Assert.Equal(HMACSHA256.HashData(Key, buffer.AsSpan(0, length - 32)), buffer[(length - 32)..length]);
    }

    [Fact]
    public void Read_gives_back_what_was_written_also_with_the_longest_name()
    {
        foreach (var sent in new[] { Sample, Sample with { Gateway = new string('g', Names.MaxLength) } })
        {
            Assert.True(Heartbeat.TryRead(Key, Written(sent), out var read));
            Assert.Equal(sent, read);
        }

        Assert.Equal(Heartbeat.MaxBytes, Written(Sample with { Gateway = new string('g', Names.MaxLength) }).Length);
    }

    [Fact]
    public void Read_of_any_flipped_bit_any_other_length_and_another_key_is_none()
    {
        var bytes = Written(Sample);
        for (var bit = 0; bit < bytes.Length * 8; bit++)
        {
            var flipped = bytes.ToArray();
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(Heartbeat.TryRead(Key, flipped, out _), $"bit {bit}");
        }

        for (var length = 0; length < bytes.Length; length++)
        {
            Assert.False(Heartbeat.TryRead(Key, bytes.AsSpan(0, length), out _), $"length {length}");
        }

        Assert.False(Heartbeat.TryRead(Key, [.. bytes, 0], out _));
        Assert.False(Heartbeat.TryRead(RandomNumberGenerator.GetBytes(32), bytes, out _));
    }

    [Theory]
    [InlineData("GW1")]
    [InlineData("g/1")]
    public void Read_of_an_authentic_one_with_a_name_that_cannot_be_is_none(string name) =>
        Assert.False(Heartbeat.TryRead(Key, Written(Sample with { Gateway = name }), out _));

    [Fact]
    public void Read_of_an_authentic_one_with_an_unknown_role_is_none() =>
        Assert.False(Heartbeat.TryRead(Key, Written(Sample with { Role = (GatewayRole)99 }), out _));

    [Fact]
    public void Book_believes_the_first_that_echoes_and_then_rising_numbers_only()
    {
        var book = new HeartbeatBook(start: 500);
        Assert.False(book.Accept(Sample with { Number = 1, Echo = 0 }, default));
        Assert.Equal(1, book.EchoFor(Sample.Incarnation));
        Assert.Null(book.HeardAgo(Sample.Incarnation, TimeSpan.Zero));
        var ours = book.Next();
        Assert.Equal(501, ours);
        Assert.True(book.Accept(Sample with { Number = 2, Echo = ours }, TimeSpan.FromSeconds(1)));
        Assert.Equal(TimeSpan.FromSeconds(2), book.HeardAgo(Sample.Incarnation, TimeSpan.FromSeconds(3)));
        Assert.False(book.Accept(Sample with { Number = 2, Echo = ours }, default));
        Assert.False(book.Accept(Sample with { Number = 1, Echo = ours }, default));

        // One way of the wire may be cut; what comes the other way is still from now.
        Assert.True(book.Accept(Sample with { Number = 3, Echo = ours }, default));
    }

    [Theory]
    [InlineData(500)]
    [InlineData(502)]
    [InlineData(long.MaxValue)]
    public void Book_believes_no_recording_of_before_its_start(long echo)
    {
        var book = new HeartbeatBook(start: 500);
        book.Next();
        Assert.False(book.Accept(Sample with { Number = 10, Echo = echo }, default));
        Assert.False(book.Accept(Sample with { Number = 11, Echo = echo }, default));
    }

    [Fact]
    public void Book_remembers_a_bounded_number()
    {
        var book = new HeartbeatBook(start: 0);
        var ours = book.Next();
        for (var i = 0; i <= HeartbeatBook.MaxKnown; i++)
        {
            var incarnation = new Guid(i, 0, 0, new byte[8]);
            Assert.True(book.Accept(
                Sample with { Incarnation = incarnation, Echo = ours }, TimeSpan.FromSeconds(i)));
        }

        Assert.Equal(0, book.EchoFor(Guid.Empty));
        Assert.Equal(Sample.Number, book.EchoFor(new Guid(1, 0, 0, new byte[8])));
    }

    private static byte[] Written(Heartbeat heartbeat)
    {
        var buffer = new byte[Heartbeat.MaxBytes];
        return buffer[..heartbeat.Write(Key, buffer)];
    }
}
