using System.Runtime.CompilerServices;

// Batches cross system calls by pointer: everything marshalled is blittable.
[assembly: DisableRuntimeMarshalling]
