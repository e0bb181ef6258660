using System.Text;
using Talreg.Sip.Messages;

namespace Talreg.Sip.Tests;

/// <summary>The edges of bodies in parts (RFC 2046 §5.1).</summary>
public sealed class MultipartTests
{
    [Theory]
    [InlineData("--b\r\n\r\none\r\n--b--", "text/plain=one")]
    [InlineData("--b\nContent-Type: A/B\n\none\n--b--\n", "a/b=one")]
    [InlineData("before\r\n--b\r\n\r\none\r\n--b--\r\nafter", "text/plain=one")]
    [InlineData("--b \t\r\n\r\none\r\n--b-- \r\n", "text/plain=one")]
    [InlineData("--b\r\ncontent-type:\ta/b; x=y\r\n\r\none\r\n\r\n--b\r\n\r\n\r\n--b--", "a/b=one\r\n|text/plain=")]
    [InlineData("--b\r\n\r\nan inner --b is text\r\n--bb\r\n--b--", "text/plain=an inner --b is text\r\n--bb")]
    [InlineData("--b\r\n\r\n--b--", "text/plain=")]
    public void Parts_of_a_sound_body_are_found(string body, string expected)
    {
        var bytes = Encoding.UTF8.GetBytes(body);
        Assert.Equal(SipFault.None, MultipartReader.TryRead("multipart/mixed; boundary=b"u8, bytes, out var parts));
        var found = parts.Select(part => $"{part.ContentType}={Encoding.UTF8.GetString(bytes[part.Content])}");
        Assert.Equal(expected, string.Join('|', found));
    }

    [Theory]
    [InlineData("multipart/mixed", "--b\r\n\r\none\r\n--b--")]
    [InlineData("multipart/mixed;boundary=", "--b\r\n\r\none\r\n--b--")]
    [InlineData("multipart/mixed;boundary=\"\"", "--\r\n\r\none\r\n----")]
    [InlineData("multipart/mixed;boundary=b", "")]
    [InlineData("multipart/mixed;boundary=b", "--b--")]
    [InlineData("multipart/mixed;boundary=b", "--b\r\n\r\none")]
    [InlineData("multipart/mixed;boundary=b", "x--b\r\n\r\none\r\n--b--")]
    public void Body_without_a_boundary_or_its_end_is_invalid(string type, string body)
    {
        var fault = MultipartReader.TryRead(Encoding.UTF8.GetBytes(type), Encoding.UTF8.GetBytes(body), out _);
        Assert.Equal(SipFault.MultipartInvalid, fault);
    }

    [Fact]
    public void Boundary_longer_than_70_is_invalid()
    {
        var boundary = new string('b', MultipartReader.MaxBoundaryBytes + 1);
        var body = Encoding.UTF8.GetBytes($"--{boundary}\r\n\r\none\r\n--{boundary}--");
        Assert.Equal(
            SipFault.MultipartInvalid,
            MultipartReader.TryRead(Encoding.UTF8.GetBytes("multipart/mixed;boundary=" + boundary), body, out _));
    }

    [Theory]
    [InlineData(MultipartReader.MaxParts, false)]
    [InlineData(MultipartReader.MaxParts + 1, true)]
    public void Parts_beyond_the_most_are_refused(int count, bool refused)
    {
        var body = string.Concat(Enumerable.Repeat("--b\r\n\r\nx\r\n", count)) + "--b--";
        var fault = MultipartReader.TryRead("multipart/mixed;boundary=b"u8, Encoding.UTF8.GetBytes(body), out _);
        Assert.Equal(refused ? SipFault.MultipartTooManyParts : SipFault.None, fault);
    }
}
