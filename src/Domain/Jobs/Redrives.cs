using System.Buffers.Binary;
using System.Security.Cryptography;

namespace FaaS.Domain.Jobs;

/// <summary>Jobs that repeat another.</summary>
public static class Redrives
{
    /// <summary>
    /// The id of the job that repeats another on a version: always the same. So a redrive that is sent again, because nobody
    /// heard its answer or by two at once, is one job; and what a request for many had redriven before it was cut off is not
    /// redriven again by the next one. Whoever wants it a third time redrives the second one.
    /// </summary>
    /// <param name="job">The job that is repeated.</param>
    /// <param name="version">The number of the version that the new one runs.</param>
    public static JobId IdOf(JobId job, int version)
    {
        Span<byte> text = stackalloc byte[7 + JobId.Size + sizeof(int)];
        "redrive"u8.CopyTo(text);
        job.Write(text[7..]);
        BinaryPrimitives.WriteInt32BigEndian(text[(7 + JobId.Size)..], version);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(text, hash);
        return JobId.Read(hash);
    }

    /// <summary>Whether a job in this state may be redriven: it has ended, and did not succeed.</summary>
    public static bool IsRedrivable(this JobState state) => state > JobState.Succeeded;
}
