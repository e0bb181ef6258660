using System.Globalization;

namespace Talreg.Contracts.Gateways;

/// <summary>
/// Ways to one interface. A client sends what it asks of one key to one silo; under another lane's key the same
/// interface is asked through another silo, as chance has it, so that one that is frozen or dying does not hold up
/// all.
/// </summary>
public static class InterfaceLanes
{
    /// <summary>
    /// How many lanes there are: of two silos each is on the way of some, but for one case in thirty.
    /// </summary>
    public const int Count = 6;

    private const char Mark = '#';

    /// <summary>
    /// The grain's key: <c>{tenant}/{interface}</c>, or on a lane but the first <c>{tenant}/{interface}#{lane}</c>.
    /// </summary>
    public static string Key(string tenant, string @interface, int lane = 0) => lane == 0
        ? Names.Key(tenant, @interface)
        : string.Create(CultureInfo.InvariantCulture, $"{Names.Key(tenant, @interface)}{Mark}{lane}");

    /// <summary>The key without its lane: names hold no mark.</summary>
    public static string Row(string key)
    {
        var mark = key.IndexOf(Mark, StringComparison.Ordinal);
        return mark < 0 ? key : key[..mark];
    }
}
