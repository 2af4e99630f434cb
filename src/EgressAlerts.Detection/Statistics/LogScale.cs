namespace EgressAlerts.Detection;

/// <summary>Values on a logarithmic scale in steps of an eighth of an octave (9 %), a byte each.</summary>
internal static class LogScale
{
    /// <summary>Stands for a value that is not known.</summary>
    public const byte Nothing = byte.MaxValue;

    private const double StepsPerOctave = 8;

    /// <summary>0 where the value is no more than the unit.</summary>
    public static byte Code(double value, double unit) => value <= unit ? (byte)0 : (byte)Math.Min(Nothing - 1, 1 + Math.Round(StepsPerOctave * Math.Log2(value / unit)));

    /// <summary>How many octaves above the unit a value lies.</summary>
    public static double Octaves(byte code) => Math.Max(0, code - 1) / StepsPerOctave;
}
