package hybrid

// AllowedHeaders returns the request headers that the client sends by itself, sorted. A
// page of another origin can send them only if the app's CORS names them in
// Access-Control-Allow-Headers, beside those that the app adds, such as Authorization;
// examples/mounting/cors shows how.
func AllowedHeaders() []string {
	return []string{"Content-Type", "If-None-Match", headerVersion}
}

// ExposedHeaders returns the response headers that a page may want to read, sorted.
// A page of another origin can read them only if the app's CORS names them in
// Access-Control-Expose-Headers; examples/mounting/cors shows how.
func ExposedHeaders() []string {
	return []string{
		"ETag", "Openai-Processing-Ms", "Retry-After", "Retry-After-Ms",
		headerRevision, headerReason, headerTarget, headerVersion,
		"X-Ratelimit-Limit-Requests", "X-Ratelimit-Limit-Tokens",
		"X-Ratelimit-Remaining-Requests", "X-Ratelimit-Remaining-Tokens",
		"X-Ratelimit-Reset-Requests", "X-Ratelimit-Reset-Tokens",
		"X-Request-Id", headerShouldRetry,
	}
}
