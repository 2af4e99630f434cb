namespace EgressAlerts.Detection;

/// <summary>How much the number of exchanges in a stretch of time varies: its variance over its mean (Fano factor), for stretches of several lengths.</summary>
/// <remarks>Exchanges at random have 1, bursts more. What comes at regular times has little, however many pods do it and whatever their phases,
/// because variances and means of independent pulses add up. So this finds what intervals cannot tell: periods of one window, and many pods.</remarks>
internal sealed class Dispersion
{
    /// <summary>Of fewer stretches the variance says too little: below 0.35 by chance once in a million cases.</summary>
    private const int LeastStretches = 64;

    /// <summary>Of more stretches the older ones count less and less, because a beacon may begin in old traffic.</summary>
    private const int MostStretches = 256;

    /// <summary>Less than this is no chance.</summary>
    private const double Most = 0.35;

    /// <summary>The lengths of stretches, in windows.</summary>
    private static readonly int[] Spans = [1, 2, 5, 10, 20, 60];

    /// <summary>The last window that had an exchange, counted from the epoch.</summary>
    public long Last { get; set; }

    /// <summary>For each span: how many stretches are over, and the sum and the sum of squares of their exchanges; then those of the stretch that is not over,
    /// -1 where it began before the first exchange.</summary>
    public double[] Sums
    {
        get;
        init => field = value is { Length: 24 } ? value : throw new FormatException($"{Spans.Length * 4} numbers are needed");
    } = new double[Spans.Length * 4];

    /// <param name="window">Counted from the epoch.</param>
    /// <param name="exchanges">How many there were in this window.</param>
    public void Add(long window, double exchanges)
    {
        for (var i = 0; i < Spans.Length; i++)
        {
            var sums = Sums.AsSpan(i * 4, 4);
            var over = (window / Spans[i]) - (Last / Spans[i]);
            if (Last == 0) sums[3] = window % Spans[i] == 0 ? exchanges : -1;
            else if (over == 0) sums[3] += sums[3] < 0 ? 0 : exchanges;
            else Turn(sums, over, exchanges);
        }

        Last = window;
    }

    public void Clear()
    {
        Last = 0;
        Array.Clear(Sums);
    }

    /// <summary>The shortest stretch, in windows, in which exchanges are too even to be chance, how even, and how many there are in it; null where none is.</summary>
    public Evenness? Find()
    {
        for (var i = 0; i < Spans.Length; i++)
        {
            var (count, sum, squares) = (Sums[i * 4], Sums[(i * 4) + 1], Sums[(i * 4) + 2]);
            if (count < LeastStretches || sum == 0) continue;
            var fano = (squares - (sum * sum / count)) / (count - 1) / (sum / count);
            if (fano < Most) return new(Spans[i], Math.Max(0, fano), sum / count);
        }

        return null;
    }

    private static void Turn(Span<double> sums, long over, double exchanges)
    {
        // Stretches in between had nothing.
        var isWhole = sums[3] >= 0;
        sums[0] += isWhole ? over : over - 1;
        if (isWhole) (sums[1], sums[2]) = (sums[1] + sums[3], sums[2] + (sums[3] * sums[3]));
        sums[3] = exchanges;
        while (sums[0] > MostStretches)
        {
            for (var i = 0; i < 3; i++) sums[i] /= 2;
        }
    }
}

/// <param name="Windows">How long a stretch is.</param>
/// <param name="Fano">The variance of the exchanges in a stretch, over their mean.</param>
/// <param name="Exchanges">The mean number of exchanges in a stretch.</param>
internal readonly record struct Evenness(int Windows, double Fano, double Exchanges);
