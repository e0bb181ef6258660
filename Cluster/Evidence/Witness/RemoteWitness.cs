using System.Net;
using Talreg.Evidence.Ledger;

namespace Talreg.Evidence.Witness;

/// <summary>Reads what another witness has seen of a log.</summary>
public static class RemoteWitness
{
    /// <summary>The largest checkpoint that a witness has cosigned; null when it does not follow that log, or has not seen it yet.</summary>
    /// <param name="http">Fetches.</param>
    /// <param name="witness">The witness's URL.</param>
    /// <param name="log">The log's id, <see cref="WitnessedLog.IdOf"/>.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="HttpRequestException">It cannot be had.</exception>
    public static async Task<string?> CheckpointAsync(
        HttpClient http, Uri witness, string log, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(http);
        ArgumentNullException.ThrowIfNull(witness);
        var target = new Uri($"{witness.AbsoluteUri.TrimEnd('/')}/checkpoints/{log}");
        using var response = await http.GetAsync(target, HttpCompletionOption.ResponseHeadersRead, cancellationToken)
            .ConfigureAwait(false);
        if (response.StatusCode == HttpStatusCode.NotFound)
        {
            return null;
        }

        return response.StatusCode == HttpStatusCode.OK
            ? await BoundedBody.ReadTextAsync(response, PublishedLog.MaxNoteBytes, cancellationToken)
                .ConfigureAwait(false)
            : throw new HttpRequestException(
                $"{target} answered {(int)response.StatusCode}.", inner: null, response.StatusCode);
    }
}
