import{WebWorkerMLCEngineHandler as n}from"@mlc-ai/web-llm";var s=new n;self.onmessage=e=>s.onmessage(e);
