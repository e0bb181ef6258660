namespace Talreg.Hardware.Udp.Gather;

/// <summary>A register of the BPF machine: R0 holds results, R1 to R5 arguments, R6 to R9 survive calls.</summary>
internal enum BpfRegister : byte
{
    R0,
    R1,
    R2,
    R3,
    R4,
    R5,
    R6,
    R7,
    R8,
    R9,
    Frame,
}

/// <summary>
/// Writes BPF instructions of 8 bytes: code, destination and source register, 16-bit offset, 32-bit immediate
/// (RFC 9669). Jumps name a label that is placed later.
/// </summary>
internal sealed class BpfAssembler
{
    private const byte PseudoMapDescriptor = 1;

    private readonly List<ulong> _code = [];
    private readonly List<(int At, string Label)> _jumps = [];
    private readonly Dictionary<string, int> _labels = new(StringComparer.Ordinal);

    /// <summary>destination = source.</summary>
    internal void Move(BpfRegister destination, BpfRegister source) => Add(0xBF, destination, source);

    /// <summary>destination = value.</summary>
    internal void Move(BpfRegister destination, int value) => Add(0xB7, destination, immediate: value);

    /// <summary>destination += value.</summary>
    internal void Increase(BpfRegister destination, int value) => Add(0x07, destination, immediate: value);

    /// <summary>destination = 32-bit word at source + offset.</summary>
    internal void Load(BpfRegister destination, BpfRegister source, short offset) =>
        Add(0x61, destination, source, offset);

    /// <summary>32-bit word at destination + offset = source.</summary>
    internal void Store(BpfRegister destination, short offset, BpfRegister source) =>
        Add(0x63, destination, source, offset);

    /// <summary>destination = a map, by descriptor; two instructions.</summary>
    internal void LoadMap(BpfRegister destination, uint descriptor)
    {
        Add(0x18, destination, (BpfRegister)PseudoMapDescriptor, immediate: (int)descriptor);
        _code.Add(0);
    }

    /// <summary>Jumps when the register's lower 32 bits equal the value.</summary>
    internal void JumpIf(BpfRegister register, int value, string label) => Jump(0x16, register, value, label);

    /// <summary>Jumps when the register's lower 32 bits differ from the value.</summary>
    internal void JumpUnless(BpfRegister register, int value, string label) => Jump(0x56, register, value, label);

    /// <summary>Jumps when a pointer is null: compares all 64 bits, as the verifier wants it.</summary>
    internal void JumpIfNull(BpfRegister register, string label) => Jump(0x15, register, 0, label);

    /// <summary>Calls a helper of the kernel by number.</summary>
    internal void Call(int helper) => Add(0x85, immediate: helper);

    /// <summary>Ends the program with a verdict.</summary>
    internal void Return(int verdict)
    {
        Move(BpfRegister.R0, verdict);
        Add(0x95);
    }

    /// <summary>The next instruction is where jumps to this label lead.</summary>
    internal void Label(string label) => _labels.Add(label, _code.Count);

    /// <summary>The program, its jumps resolved.</summary>
    internal ulong[] Build()
    {
        var program = _code.ToArray();
        foreach (var (at, label) in _jumps)
        {
            var distance = (ushort)(_labels[label] - at - 1);
            program[at] |= (ulong)distance << 16;
        }

        return program;
    }

    private void Jump(byte code, BpfRegister register, int value, string label)
    {
        _jumps.Add((_code.Count, label));
        Add(code, register, immediate: value);
    }

    private void Add(
        byte code,
        BpfRegister destination = BpfRegister.R0,
        BpfRegister source = BpfRegister.R0,
        short offset = 0,
        int immediate = 0) => _code.Add(
            code
            | ((ulong)destination << 8)
            | ((ulong)source << 12)
            | ((ulong)(ushort)offset << 16)
            | ((ulong)(uint)immediate << 32));
}
