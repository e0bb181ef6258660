using System.Globalization;
using Orleans.Storage;

namespace Talreg.State;

/// <summary>Orleans' own encoding of states, with a longest payload. Any thread.</summary>
/// <param name="inner">Encodes: a state record may gain members under new <c>[Id]</c>s and old rows still open.</param>
public sealed class StatePayload(OrleansGrainStorageSerializer inner) : IGrainStorageSerializer
{
    /// <summary>The longest payload of one grain.</summary>
    public const int MaxBytes = 16 * 1024 * 1024;

    /// <inheritdoc />
    /// <exception cref="StateStorageException">It is longer than <see cref="MaxBytes"/>.</exception>
    public BinaryData Serialize<T>(T? input)
    {
        var payload = inner.Serialize(input);
        return payload.ToMemory().Length <= MaxBytes
            ? payload
            : throw new StateStorageException(string.Create(
                CultureInfo.InvariantCulture,
                $"A {typeof(T).Name} has {payload.ToMemory().Length} bytes; {MaxBytes} are allowed."));
    }

    /// <inheritdoc />
    public T? Deserialize<T>(BinaryData input) => inner.Deserialize<T>(input);
}
