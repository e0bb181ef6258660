namespace Talreg.Silo.Options;

/// <summary>A setting that cannot be used: refuses to start.</summary>
/// <param name="key">The key.</param>
/// <param name="held">What it held, or null when it held nothing.</param>
/// <param name="allowed">What it may hold.</param>
internal sealed class SettingsException(string key, string? held, string allowed)
    : Exception(held is null
        ? $"{key} holds nothing; it may hold {allowed}."
        : $"{key} holds '{held}'; it may hold {allowed}.")
{
    /// <summary>The key that is at fault.</summary>
    public string Key { get; } = key;
}
