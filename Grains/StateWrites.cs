namespace Talreg.Grains;

/// <summary>Writes state so that a failed write leaves the grain as it was.</summary>
internal static class StateWrites
{
    /// <summary>
    /// Writes; when that fails the state that was known to be stored comes back, so that nothing is answered from a state that
    /// no disk has.
    /// </summary>
    /// <param name="state">Holds the new state.</param>
    /// <param name="known">The state before.</param>
    public static async Task WriteOrRestoreAsync<T>(IPersistentState<T> state, T known)
    {
        var written = false;
        try
        {
            await state.WriteStateAsync();
            written = true;
        }
        finally
        {
            if (!written)
            {
                state.State = known;
            }
        }
    }
}
