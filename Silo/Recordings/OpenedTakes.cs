using Talreg.Api.Recordings;
using Talreg.Contracts;
using Talreg.Contracts.Calls;

namespace Talreg.Silo.Recordings;

/// <summary>The sealed takes of a call, open at once. Disposing closes them all.</summary>
internal sealed class OpenedTakes : IDisposable
{
    private readonly Dictionary<TakeId, OpenTake> _takes = [];

    /// <summary>Opens every sealed take that its gateway has.</summary>
    /// <exception cref="RefusalException">One lies where it cannot be reached.</exception>
    public static async Task<OpenedTakes> OpenAsync(
        ITakes takes, CallDocument call, RecordingUse use, CancellationToken cancellationToken)
    {
        var opened = new OpenedTakes();
        try
        {
            foreach (var take in call.Takes.Where(take => take.Sealed))
            {
                if (await takes.OpenAsync(call, take, use, cancellationToken).ConfigureAwait(false) is { } open)
                {
                    opened._takes.Add(take.Id, open);
                }
            }

            return opened;
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    /// <summary>A take; null when its gateway does not have it.</summary>
    public OpenTake? Find(TakeId take) => _takes.GetValueOrDefault(take);

    public void Dispose()
    {
        foreach (var take in _takes.Values)
        {
            take.Dispose();
        }
    }
}
