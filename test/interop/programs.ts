/** A Go program that interop builds through Go's ordinary module client. */
export interface Program {
  readonly name: string;
  readonly package: string;
  readonly version: string;
  /** Lines that the program's own go.mod has and a module that only requires it must repeat. */
  readonly replace?: readonly string[];
}

/** What is built and asked; versions are pinned, and so is everything below them by Go's minimal version selection. */
export const programs: readonly Program[] = [
  { name: "ocb", package: "go.opentelemetry.io/collector/cmd/builder", version: "v0.155.0" },
  { name: "prometheus", package: "github.com/prometheus/prometheus/cmd/prometheus", version: "v0.314.0" },
  {
    name: "loki",
    package: "github.com/grafana/loki/v3/cmd/loki",
    version: "v3.7.8",
    replace: [
      "github.com/Azure/azure-sdk-for-go => github.com/Azure/azure-sdk-for-go v68.0.0+incompatible",
      "github.com/Azure/azure-storage-blob-go => github.com/MasslessParticle/azure-storage-blob-go v0.14.1-0.20240322194317-344980fda573",
      "github.com/gocql/gocql => github.com/grafana/gocql v0.0.0-20200605141915-ba5dc39ece85",
      "github.com/hashicorp/memberlist => github.com/grafana/memberlist v0.3.1-0.20251126142931-6f9f62ab6f86",
      "github.com/grafana/regexp => github.com/grafana/regexp v0.0.0-20240518133315-a468a5bfb3bc",
      "github.com/influxdata/go-syslog/v3 => github.com/leodido/go-syslog/v4 v4.3.0",
      "github.com/thanos-io/objstore => github.com/grafana/objstore v0.0.0-20250728171719-b5d3b766d1b0",
    ],
  },
  { name: "jaeger", package: "github.com/jaegertracing/jaeger/cmd/all-in-one", version: "v1.62.0" },
];

/** The Go that the newest of them asks for. */
export const goVersion = "1.26.5";
