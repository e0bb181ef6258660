namespace Talreg.Verify;

/// <summary>A member of the ZIP: its name and its bytes, which lie in the bundle from <paramref name="Offset"/> on.</summary>
internal sealed record BundleMember(string Name, long Offset, ByteSource Data);
