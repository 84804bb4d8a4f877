import{a as r,c as o}from"./chunk-worker-engines-transformers-load.js";import"./chunk-worker-engine-error-message.js";import*as e from"@huggingface/transformers";r(self,o(async()=>e));
