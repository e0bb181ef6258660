namespace Talreg.Grains;

/// <summary>Takes string keys apart.</summary>
internal static class GrainKeys
{
    /// <summary>The tenant and the rest of <c>{tenant}/{rest}</c>.</summary>
    public static (string Tenant, string Name) Split(string key)
    {
        var slash = key.IndexOf('/');
        return slash > 0
            ? (key[..slash], key[(slash + 1)..])
            : throw new ArgumentException($"'{key}' is not a key of the form tenant/name.", nameof(key));
    }
}
