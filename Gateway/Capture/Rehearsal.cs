using System.Reflection;
using System.Runtime.CompilerServices;
using Talreg.Evidence.Chunks;
using Talreg.Hardware;
using Talreg.Store.Journal;

namespace Talreg.Capture;

/// <summary>
/// Has everything between the socket and the disk compiled before the first packet comes. Left to the moment of need, the
/// compiler takes the processor away from a receive thread just when many calls begin at once, as after a restart.
/// </summary>
public static class Rehearsal
{
    private const BindingFlags Own = BindingFlags.DeclaredOnly | BindingFlags.Instance | BindingFlags.Static
        | BindingFlags.Public | BindingFlags.NonPublic;

    // Rooms a packet passes through; what lies beside them in the same assembly is compiled when it is used.
    private static readonly string[] Rooms =
    [
        "Talreg.Capture", "Talreg.Evidence.Chunks", "Talreg.Evidence.Crypto", "Talreg.Evidence.Keys", "Talreg.Hardware",
        "Talreg.Store.IO", "Talreg.Store.Journal",
    ];

    /// <summary>Compiles what is not compiled yet; a second time it finds nothing to do. Any thread; takes some hundred ms.</summary>
    /// <returns>How many methods lie on the way.</returns>
    public static int Run()
    {
        var methods = 0;
        Assembly[] assemblies =
        [
            typeof(CaptureEngine).Assembly, typeof(TakeSealer).Assembly, typeof(ICaptureDevice).Assembly,
            typeof(TakeJournal).Assembly,
        ];
        foreach (var type in assemblies.SelectMany(assembly => assembly.GetTypes()).Where(IsOfARoom))
        {
            foreach (var method in type.GetMethods(Own).Where(IsCompiled))
            {
                RuntimeHelpers.PrepareMethod(method.MethodHandle);
                methods++;
            }
        }

        return methods;
    }

    // What the runtime itself provides (delegates) or the loader finds (foreign functions) has no code to compile.
    private static bool IsCompiled(MethodInfo method) =>
        !method.IsAbstract
        && !method.ContainsGenericParameters
        && !method.Attributes.HasFlag(MethodAttributes.PinvokeImpl)
        && !method.MethodImplementationFlags.HasFlag(MethodImplAttributes.Runtime);

    private static bool IsOfARoom(Type type) =>
        !type.ContainsGenericParameters
        && type.Namespace is { } name
        && Rooms.Any(room => name == room || name.StartsWith(room + ".", StringComparison.Ordinal));
}
