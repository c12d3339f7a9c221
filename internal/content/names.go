package content

// Display and internal names of the built-in log sources. Oracle defines those of
// the audit, the activity stream and the unified schema; it has none for the others, which are
// Ledgerline's.
const (
	SourceIntegrationAudit    = "OCI Integration Audit Logs"
	SourceIntegrationActivity = "OCI Integration Activity Stream Logs"
	SourceIntegrationMetrics  = "OCI Integration Metrics"
	SourceIntegrationRuns     = "OCI Integration Instances"
	SourceAnalyticsAudit      = "OCI Analytics Cloud Audit Logs"
	SourceAnalyticsDiagnostic = "OCI Analytics Cloud Diagnostic Logs"
	SourceAnalyticsQueries    = "OCI Analytics Cloud Queries"
	SourceUnified             = "OCI Unified Schema Logs"
	SourceOpenTelemetry       = "OpenTelemetry Logs"
	SourceLedgerlineAudit     = "Ledgerline Audit"
)

// auditParser reads the last of them.
const auditParser = "Ledgerline Audit Format"
