namespace FaaS.Infrastructure.Tests.NetMq;

/// <summary>What docs/protocol.md prints for those who implement the handshake.</summary>
internal static class Vectors
{
    public const string WorkerKey = "a914b86beee1c27245fa736140ddfb9ab4cb72f8450899293d7624b7d57aaab0";
    public const string Proof = "5d83059db0a5634d4db681ba328c4f4a5acc9da0dd5ed3a53cf2ea2b17b8b7d3";
    public const string Welcome = "6d0a1f857e03071dfdb234bbba81c003ce5b6ef57594ef82af87c24e2c908860";
    public const string CurvePublicKey = "1ac3ceee64c42d7ab33570bbf38b4bcf3fbeac7d2dc281252c167e6a6cba4a5a";
}
