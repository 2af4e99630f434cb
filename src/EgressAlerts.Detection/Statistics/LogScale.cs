namespace EgressAlerts.Detection;

/// <summary>Codes values in one byte each, on a logarithmic scale with steps of an eighth of an octave (9 %).</summary>
/// <remarks><c>code = 1 + 8 × log2(value / unit)</c>, rounded, at most 254; 0 for values up to the unit.</remarks>
/// <example>The unit is 1 KiB. 4 KiB are two octaves above it: the code is 1 + 8 × 2 = 17.</example>
internal static class LogScale
{
    /// <summary>Stands for a value that is not known.</summary>
    public const byte Nothing = byte.MaxValue;

    private const double StepsPerOctave = 8;

    public static byte Code(double value, double unit) =>
        value <= unit ? (byte)0 : (byte)Math.Min(Nothing - 1, 1 + Math.Round(StepsPerOctave * Math.Log2(value / unit)));

    /// <summary>How many octaves above the unit a value lies.</summary>
    public static double Octaves(byte code) => Math.Max(0, code - 1) / StepsPerOctave;
}
