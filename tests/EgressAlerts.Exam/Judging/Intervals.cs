namespace EgressAlerts.Exam.Judging;

/// <summary>How sure a measured figure is: the range that holds the true one in 95 of 100 exams.</summary>
internal static class Intervals
{
    private const double Z = 1.959964;

    /// <summary>The range of a share of <paramref name="all"/>, by Wilson's score interval (1927). It suits few cases and shares near 0 and 1.</summary>
    public static (double Low, double High) Wilson(double found, double all)
    {
        if (all <= 0) return (0, 1);
        var (share, square) = (found / all, Z * Z);
        var middle = (share + (square / (2 * all))) / (1 + (square / all));
        var half = Z / (1 + (square / all)) * Math.Sqrt((share * (1 - share) / all) + (square / (4 * all * all)));
        return (Math.Max(0, middle - half), Math.Min(1, middle + half));
    }

    /// <summary>The range of the mean of a count, by Byar's approximation of the exact Poisson interval.</summary>
    /// <remarks>From counts of 5 on it is off by less than a hundredth.</remarks>
    public static (double Low, double High) Poisson(double count)
    {
        var above = count + 1;
        var low = count <= 0 ? 0 : count * Math.Pow(1 - (1 / (9 * count)) - (Z / (3 * Math.Sqrt(count))), 3);
        return (Math.Max(0, low), above * Math.Pow(1 - (1 / (9 * above)) + (Z / (3 * Math.Sqrt(above))), 3));
    }
}
