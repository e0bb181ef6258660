using System.Buffers;
using System.Text;

namespace Talreg.Sip.Messages;

/// <summary>
/// A message whose structure has been checked: start line, header fields, body. Its bytes and slots are lent by pools until
/// <see cref="ReleaseBuffer"/>; every span handed out points into them and must not be read after it. Immutable until then, so
/// any thread may read it. One that is never released is left to the collector.
/// </summary>
internal sealed class SipMessage
{
    private byte[] _buffer;
    private HeaderTable _headers;
    private Range _method;
    private Range _requestUri;
    private Range _body;

    /// <summary>Takes over a buffer rented from the shared pool, and the table.</summary>
    internal SipMessage(byte[] buffer, StartLine start, HeaderTable headers, Range body)
    {
        _buffer = buffer;
        _headers = headers;
        _method = start.Method;
        _requestUri = start.RequestUri;
        _body = body;
        Status = start.Status;
    }

    /// <summary>The status code of a response; 0 for a request.</summary>
    public int Status { get; }

    public bool IsRequest => Status == 0;

    /// <summary>The method of a request; empty for a response.</summary>
    public ReadOnlySpan<byte> Method => _buffer.AsSpan(_method);

    public ReadOnlySpan<byte> RequestUri => _buffer.AsSpan(_requestUri);

    public ReadOnlySpan<byte> Body => _buffer.AsSpan(_body);

    /// <summary>The header fields in order.</summary>
    public ReadOnlySpan<HeaderSlot> Headers => _headers.Slots;

    public ReadOnlySpan<byte> Name(in HeaderSlot slot) => _buffer.AsSpan(slot.NameStart, slot.NameLength);

    public ReadOnlySpan<byte> Value(in HeaderSlot slot) => _buffer.AsSpan(slot.ValueStart, slot.ValueLength);

    /// <summary>
    /// Gives the bytes back: the message is then one without headers. By the owner, when nobody reads it any more; again is
    /// no error.
    /// </summary>
    public void ReleaseBuffer()
    {
        var buffer = _buffer;
        (_buffer, _method, _requestUri, _body) = ([], 0..0, 0..0, 0..0);
        _headers.Return();
        if (buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>The first field of that name.</summary>
    public bool TryGet(HeaderName name, out ReadOnlySpan<byte> value)
    {
        if (_headers.Has(name))
        {
            foreach (ref readonly var slot in Headers)
            {
                if (slot.Name == name)
                {
                    value = Value(slot);
                    return true;
                }
            }
        }

        value = default;
        return false;
    }

    /// <summary>Whether there are two or more fields of that name.</summary>
    public bool IsRepeated(HeaderName name) => _headers.IsRepeated(name);

    public int Count(HeaderName name)
    {
        var count = 0;
        foreach (ref readonly var slot in Headers)
        {
            count += slot.Name == name ? 1 : 0;
        }

        return count;
    }

    /// <summary>Whether a comma-separated header, over all of its fields, lists the token (any case).</summary>
    public bool Lists(HeaderName name, ReadOnlySpan<byte> token)
    {
        foreach (ref readonly var slot in Headers)
        {
            if (slot.Name != name)
            {
                continue;
            }

            foreach (var item in new CommaList(Value(slot)))
            {
                if (Ascii.EqualsIgnoreCase(item, token))
                {
                    return true;
                }
            }
        }

        return false;
    }
}

/// <summary>What a start line holds; <see cref="Status"/> 0 means a request.</summary>
internal readonly record struct StartLine(Range Method, Range RequestUri, int Status);
